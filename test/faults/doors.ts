import assert from 'node:assert/strict'
import { arm, graph } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { askAccessToken, basic, get, nullGuid, type Where } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { assertUnauthorizedBody } from '../rights/refusal.ts'
import { askByPassword, askExchange, grantedBy } from '../rights/tokens.ts'
import { stringAt } from '../harness/json.ts'

/** A place where a token may be shown. */
export interface Door {
  name: string
  /** Shows the token there. */
  knock(token: string): Promise<HttpResponse>
  /** Holds that the token opened nothing. */
  assertShut(response: HttpResponse): void
}

/** The status and code of a management or Graph refusal. */
function assertManagementShut(response: HttpResponse): void {
  assert.equal(response.status, 401, response.text())
  assert.ok(stringAt(response.json(), 'error', 'code').length > 0)
}

/** Every door of a server that a token could open; `path` is a manifest that is there, and `scope` what reads it. */
export function doorsOf(server: RunningServer, path: string, scope: string, where: Where = {}): Record<string, Door> {
  const door = (
    name: string,
    knock: Door['knock'],
    assertShut: Door['assertShut'] = assertUnauthorizedBody,
  ): [string, Door] => [name, { name, knock, assertShut }]
  return Object.fromEntries([
    door('data plane', (token) => get(server, path, `Bearer ${token}`, where)),
    door('version check', (token) => get(server, '/v2/', `Bearer ${token}`, where)),
    door('data plane by Basic', (token) => get(server, path, basic(nullGuid, token), where)),
    door('exchange', (token) => askExchange(server, token, where)),
    door('refresh grant', (token) => askAccessToken(server, { refreshToken: token }, [scope], where)),
    door('password grant', (token) => askByPassword(server, nullGuid, token, scope, where)),
    door('token by Basic', (token) => askAccessToken(server, { username: nullGuid, password: token }, [scope], where)),
    door('management', (token) => arm(server, 'GET', '/subscriptions', undefined, token), assertManagementShut),
    door('directory', (token) => graph(server, 'GET', '/servicePrincipals', undefined, token), assertManagementShut),
  ])
}

/** Holds that a token opens the named doors and no other. */
export async function assertOpensOnly(
  doors: Readonly<Record<string, Door>>,
  token: string,
  open: readonly string[],
): Promise<void> {
  for (const door of Object.values(doors)) {
    const response = await door.knock(token)
    if (open.includes(door.name)) assert.equal(response.status, 200, `${door.name}: ${response.text()}`)
    else assertShutAt(door, response)
  }
}

/** Holds that what a door answered gave nothing away, and names the door where it did. */
export function assertShutAt(door: Door, response: HttpResponse, what = 'the token'): void {
  try {
    door.assertShut(response)
  } catch (cause) {
    const answer = `status ${response.status}: ${response.text().slice(0, 300)}`
    throw new Error(`${what} at the door ${door.name}: ${answer}`, { cause })
  }
}

/** What an answer of the token endpoint grants, by `type:name`. */
export function grantedIn(response: HttpResponse): Record<string, readonly string[]> {
  assert.equal(response.status, 200, response.text())
  return grantedBy(stringAt(response.json(), 'access_token'))
}
