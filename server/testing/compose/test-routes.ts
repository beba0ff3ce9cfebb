import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { FirstRun } from '../../src/operations/index.ts'
import type { InjectOptions } from 'fastify'
import { type Composition, compose } from '../../src/compose/compose.ts'
import type { Clock } from '../../src/platform/process/clock.ts'
import { loadConfiguration } from '../../src/configuration/index.ts'
import type { RouteDescription } from '../../src/platform/http/surface.ts'
import { watchResponses } from '../platform/test-responses.ts'
import { createLog } from '../../src/platform/log/log.ts'

export type Method = NonNullable<InjectOptions['method']>

/** A server after its first start. The data directory of the server is deleted after the test. */
export async function openServer(
  t: TestContext,
  clock?: Clock,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<{ server: Composition; first: FirstRun; dataDir: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-routes-'))
  const dataDir = path.join(directory, 'data')
  const configuration = await loadConfiguration({
    flags: { dataDir, publicHost: 'localhost:5443', ...settings },
    env: {},
  })
  const server = await compose(configuration, createLog('silent'), clock)
  const mismatches = watchResponses(server.app, server.routes)
  t.after(async () => {
    assert.deepEqual(mismatches, [])
    await server.close()
    await rm(directory, { recursive: true })
  })
  if (server.firstRun === undefined) throw new Error('the server reported no first run for a new data directory')
  return { server, first: server.firstRun.content, dataDir }
}

/** A path of the route with example values for its parameters. */
export function examplePath(route: RouteDescription, first: FirstRun): string {
  const values: Readonly<Record<string, string>> = {
    tenant: first.tenantId,
    subscription: first.subscriptionId,
    subscriptionId: first.subscriptionId,
    group: first.resourceGroup,
    resourceGroup: first.resourceGroup,
    registry: first.registry,
    repository: 'team/app',
    reference: '1',
    digest: `sha256:${'a'.repeat(64)}`,
    tag: '1',
    id: '99999999-9999-4999-8999-999999999999',
  }
  const filled = route.path.replaceAll(
    /:([A-Za-z]+)(?:\([^)]*\))?|\{([A-Za-z]+)\}|<([A-Za-z]+)>/g,
    (_match, ...names: (string | undefined)[]) => values[names.find((name) => name !== undefined) ?? ''] ?? 'x1x1x1',
  )
  return `${filled}${filled.includes('?') ? '&' : '?'}api-version=2024-11-01`
}

export function methodsOf({ method }: RouteDescription): Method[] {
  return [method].flat()
}

export const isPublic = ({ need }: RouteDescription) => JSON.stringify(need).includes('public')
export const authenticatesItself = ({ need }: RouteDescription) =>
  JSON.stringify(need).includes('credential-in-request')

/** Whether the route is a page that needs a signed-in browser. No header can replace the signed-in browser. */
export const isPage = ({ need }: RouteDescription) => need === 'browser-session'

/** Whether only a page of the portal can use the route. No header can replace the session of the portal. */
export const isOfPortal = ({ need }: RouteDescription) => need === 'portal-session'

export const needsCredential = (route: RouteDescription) =>
  !isPublic(route) && !authenticatesItself(route) && !isPage(route) && !isOfPortal(route)

/** Whether every principal may use the route, and the response contains only objects that the principal may read. */
export const showsOwn = ({ need }: RouteDescription) => /signed-in|visible|self/.test(JSON.stringify(need))

export type Tokens = { readonly arm: string; readonly graph: string }

export function credentialFor({ path: routePath }: RouteDescription, tokens: Tokens, basic: string): string {
  if (routePath.startsWith('/v2') || routePath.startsWith('/acr')) return basic
  return `Bearer ${routePath.startsWith('/graph') ? tokens.graph : tokens.arm}`
}

export async function tokensOf({ app }: Composition, first: FirstRun, appId: string, secret: string): Promise<Tokens> {
  const get = async (scope: string) => {
    const form = { grant_type: 'client_credentials', client_id: appId, client_secret: secret, scope }
    const answer = await app.inject({
      method: 'POST',
      url: `/${first.tenantId}/oauth2/v2.0/token`,
      headers: { host: 'localhost:5443', 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(form).toString(),
    })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  }
  return {
    arm: await get('https://management.core.windows.net//.default'),
    graph: await get('https://localhost:5443/graph//.default'),
  }
}

export async function makeStranger(
  { app }: Composition,
  _first: FirstRun,
  token: string,
): Promise<{ appId: string; secret: string }> {
  const post = async (url: string, payload: object) => {
    const headers = { host: 'localhost:5443', authorization: `Bearer ${token}` }
    const answer = await app.inject({ method: 'POST', url: `/graph/v1.0/${url}`, headers, payload })
    assert.ok(answer.statusCode < 300, answer.body)
    return answer.json<{ id: string; appId: string; secretText: string }>()
  }
  const application = await post('applications', { displayName: 'stranger' })
  const { secretText } = await post(`applications/${application.id}/addPassword`, { passwordCredential: {} })
  await post('servicePrincipals', { appId: application.appId })
  return { appId: application.appId, secret: secretText }
}
