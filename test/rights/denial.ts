import assert from 'node:assert/strict'
import type { HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'

/** The expected content of a denial of the data plane. */
export interface Denial {
  /** The registry that denies. */
  loginServer: string
  /** The access scope in the challenge; absent at `/v2/`. */
  scope?: string
  /** Why a token that was sent was not enough; absent if none was sent. */
  error?: 'invalid_token' | 'insufficient_scope'
}

/** The values of a header, one for each time it was sent. */
function valuesOf(response: HttpResponse, name: string): string[] {
  return response.rawHeaders.filter((_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === name)
}

/** The `detail` of a challenge: one entry for each action of the scope [Azure/acr AAD-OAuth.md]. */
function detailOf(scope: string): unknown {
  const [type, name, actions = ''] = scope.split(':')
  return actions.split(',').map((action) => ({ Type: type, Name: name, Action: action }))
}

/** Asserts that the body is the registry's envelope with one error of code UNAUTHORIZED; returns that error. */
export function assertUnauthorizedBody(response: HttpResponse): unknown {
  assert.equal(response.status, 401, response.text())
  assert.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  assert.match(String(response.headers['x-ms-correlation-request-id']), /^[0-9a-f-]{36}$/)
  const errors = listAt(response.json(), 'errors')
  assert.equal(errors.length, 1)
  assert.equal(stringAt(errors[0], 'code'), 'UNAUTHORIZED')
  assert.ok(stringAt(errors[0], 'message').length > 0)
  return errors[0]
}

/**
 * Asserts that the data plane denied the request as Azure's does: status 401, never 403, exactly one challenge that
 * matches to the last character, and a body that lists the required actions.
 */
export function assertDenied(response: HttpResponse, denial: Denial): void {
  const error = assertUnauthorizedBody(response)
  const { loginServer, scope } = denial
  const realm = `Bearer realm="https://${loginServer}/oauth2/token",service="${loginServer}"`
  const wanted = scope === undefined ? '' : `,scope="${scope}"`
  const why = denial.error === undefined ? '' : `,error="${denial.error}"`
  assert.deepEqual(valuesOf(response, 'www-authenticate'), [`${realm}${wanted}${why}`])
  assert.equal(response.headers['docker-distribution-api-version'], 'registry/2.0')
  if (scope !== undefined) assert.deepEqual(at(error, 'detail'), detailOf(scope))
}

/**
 * Asserts that a name and password that were sent directly to the data plane were denied, with the challenge for
 * others.
 */
export function assertBasicDenied(response: HttpResponse): void {
  assertUnauthorizedBody(response)
  assert.deepEqual(valuesOf(response, 'www-authenticate'), ['Basic realm="Azure Container Registry"'])
}

/** Asserts that the management or Graph surface rejected with this status and code. */
export function assertManagementDenied(response: HttpResponse, status: 401 | 403, code: RegExp): void {
  assert.equal(response.status, status, response.text())
  assert.match(stringAt(response.json(), 'error', 'code'), code)
  assert.ok(stringAt(response.json(), 'error', 'message').length > 0)
}
