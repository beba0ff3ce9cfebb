import assert from 'node:assert/strict'
import { form, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { basic, nullGuid, type Where } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { assertUnauthorizedBody } from '../rights/denial.ts'
import type { Wire } from './wire.ts'

/** An endpoint that takes a token. */
export interface Endpoint {
  name: string
  /** Sends a request with the token. */
  present(token: string): Promise<HttpResponse>
  /** Asserts that the response denies the token. */
  assertDenied(response: HttpResponse): void
}

/** Asserts the status and code with which management and Graph deny a token. */
function assertManagementDenied(response: HttpResponse): void {
  assert.equal(response.status, 401, response.text())
  assert.ok(stringAt(response.json(), 'error', 'code').length > 0)
}

/** The endpoints of a server that take a token. `path` is an existing manifest, and `scope` the access scope that reads it. */
export function endpointsOf(
  server: RunningServer,
  wire: Wire,
  { path, scope }: { readonly path: string; readonly scope: string },
  where: Where = {},
): Record<string, Endpoint> {
  const service = where.loginServer ?? server.firstRun.loginServer
  const see = async (target: string, authorization: string): Promise<HttpResponse> =>
    wire.send({ target, authorization, host: service })
  const post = async (target: string, fields: Record<string, string>): Promise<HttpResponse> => {
    const { body, headers } = form({ service, ...fields })
    return wire.send({ method: 'POST', target, host: service, headers: Object.entries(headers), body })
  }
  const requests: Record<string, Endpoint['present']> = {
    'data plane': (token) => see(path, `Bearer ${token}`),
    'version check': (token) => see('/v2/', `Bearer ${token}`),
    'data plane by Basic': (token) => see(path, basic(nullGuid, token)),
    'token by Basic': (token) =>
      see(`/oauth2/token?${new URLSearchParams({ service, scope }).toString()}`, basic(nullGuid, token)),
    exchange: (token) => post('/oauth2/exchange', { grant_type: 'access_token', access_token: token }),
    'refresh grant': (token) => post('/oauth2/token', { grant_type: 'refresh_token', scope, refresh_token: token }),
    'password grant': (token) =>
      post('/oauth2/token', { grant_type: 'password', scope, username: nullGuid, password: token }),
    management: (token) => see('/subscriptions?api-version=2022-12-01', `Bearer ${token}`),
    directory: (token) => see('/graph/v1.0/servicePrincipals', `Bearer ${token}`),
  }
  const endpoints = Object.entries(requests).map(([name, present]): [string, Endpoint] => {
    const isManagement = name === 'management' || name === 'directory'
    return [name, { name, present, assertDenied: isManagement ? assertManagementDenied : assertUnauthorizedBody }]
  })
  return Object.fromEntries(endpoints)
}

/** Asserts that the named endpoints accept a token, and all others deny it. */
export async function assertAcceptedOnlyBy(
  endpoints: Readonly<Record<string, Endpoint>>,
  token: string,
  accepting: readonly string[],
): Promise<void> {
  for (const endpoint of Object.values(endpoints)) {
    const response = await endpoint.present(token)
    if (accepting.includes(endpoint.name)) assert.equal(response.status, 200, `${endpoint.name}: ${response.text()}`)
    else assertDenied(endpoint, response)
  }
}

/** Asserts that an endpoint denies a token; a failure names the endpoint. */
export function assertDenied(endpoint: Endpoint, response: HttpResponse, what = 'the token'): void {
  try {
    endpoint.assertDenied(response)
  } catch (cause) {
    const answer = `status ${response.status}: ${response.text().slice(0, 300)}`
    throw new Error(`${what} at the endpoint ${endpoint.name}: ${answer}`, { cause })
  }
}
