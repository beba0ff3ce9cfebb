import assert from 'node:assert/strict'
import { form, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { basic, nullGuid, type Where } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { assertUnauthorizedBody } from '../rights/refusal.ts'
import type { Wire } from './wire.ts'

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
export function doorsOf(
  server: RunningServer,
  wire: Wire,
  path: string,
  scope: string,
  where: Where = {},
): Record<string, Door> {
  const service = where.loginServer ?? server.firstRun.loginServer
  const see = async (target: string, authorization: string): Promise<HttpResponse> =>
    wire.send({ target, authorization, host: service })
  const post = async (target: string, fields: Record<string, string>): Promise<HttpResponse> => {
    const { body, headers } = form({ service, ...fields })
    return wire.send({ method: 'POST', target, host: service, headers: Object.entries(headers), body })
  }
  const knocks: Record<string, Door['knock']> = {
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
  const doors = Object.entries(knocks).map(([name, knock]): [string, Door] => {
    const isManagement = name === 'management' || name === 'directory'
    return [name, { name, knock, assertShut: isManagement ? assertManagementShut : assertUnauthorizedBody }]
  })
  return Object.fromEntries(doors)
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
