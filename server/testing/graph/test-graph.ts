import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import type { TestContext } from 'node:test'
import { createAudit } from '../../src/audit/index.ts'
import type { ExternalAssertion } from '../../src/credentials/index.ts'
import { type DirectoryRole, createMayBecome } from '../../src/directory/index.ts'
import { type TestCredentials, openTestCredentials } from '../credentials/test-credentials.ts'
import { testOrigin } from '../directory/test-directory.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { watchResponses } from '../platform/test-responses.ts'
import { listen } from '../../src/platform/http/listener.ts'
import { createLog } from '../../src/platform/log/log.ts'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { errorResponse } from '../../src/graph/protocol/errors.ts'
import type { GraphAuthenticate, TestWorkloadToken } from '../../src/graph/protocol/model.ts'
import { createGraph } from '../../src/graph/surface.ts'
import { withUserKeyAsPath } from '../../src/graph/protocol/user-key.ts'
import { usualDatabaseKind } from '../platform/test-database.ts'

type Answer = { readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers }

/** The OpenID provider of the tests. */
export const testProvider = {
  name: 'contoso',
  displayName: 'Contoso',
  kind: 'oidc',
  issuer: 'https://id.contoso.example/realms/main',
  clientId: 'acrux',
  allowedTenants: [],
  createUsers: true,
  signInHours: 8,
} as const

function testAssertion(text: string): ExternalAssertion | undefined {
  if (!text.startsWith('{')) return undefined
  const { iss, sub, aud, ...claims } = JSON.parse(text) as Record<string, string>
  return { issuer: iss ?? '', subject: sub ?? '', audiences: [aud ?? ''], claim: (name) => claims[name] }
}

/** Sends a request to the Graph surface as one caller. The response must match the schema of its route, or the schema of errors. */
export type GraphClient = (method: string, path: string, body?: unknown) => Promise<Answer>

/** The Graph surface on a socket. The bearer token is the object id of the caller, because another module verifies tokens. */
export async function serveGraph({ database, clock, credentials, directory }: TestCredentials) {
  const log: string[] = []
  const destination = new PassThrough()
  destination.on('data', (line: Buffer) => log.push(line.toString()))
  const graphLog = createLog('info', destination)
  const app = createApp({ log: graphLog, trustedProxies: [], rewriteUrl: withUserKeyAsPath })
  const authenticate: GraphAuthenticate = async (authorization) => {
    const principal = await directory.findPrincipal(authorization?.slice('Bearer '.length) ?? '')
    return principal === undefined || principal.kind === 'group' ? undefined : { principal }
  }
  const audit = createAudit({ database, clock })
  // Another module stores consents. `test/surfaces` tests their routes.
  const consents = { find: () => Promise.resolve([]), withdraw: () => Promise.resolve(false) }
  // In these tests, no principal has a role of ARM.
  const mayBecome = createMayBecome({ directory, roleBeyond: () => Promise.resolve(undefined) })
  // Another module verifies signatures and times. In these tests, a token consists of its claims as JSON.
  const testWorkloadToken: TestWorkloadToken = async (text, appId) => {
    const assertion = testAssertion(text)
    return assertion && { outcome: (await credentials.matchFederatedCredential(assertion, appId)).outcome, assertion }
  }
  const shared: Omit<Parameters<typeof createGraph>[0], 'authenticate'> = {
    database,
    clock,
    audit,
    log: graphLog,
    publicOrigin: testOrigin,
    credentials,
    directory,
    consents,
    mayBecome,
    testWorkloadToken,
    findClientName: (clientId) => Promise.resolve(`application ${clientId}`),
    identityProviders: [testProvider],
  }
  const graph = createGraph({ ...shared, authenticate })
  const mismatches = watchResponses(app, graph.routes)
  graph.mount(app)
  const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
  const port = listener.addresses[0]?.port

  const as =
    (objectId: string | undefined): GraphClient =>
    async (method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${port}/graph/v1.0${path}`, {
        method,
        headers: {
          ...(objectId === undefined ? {} : { authorization: `Bearer ${objectId}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      assert.deepEqual(mismatches, [])
      const document = text === '' ? {} : JSON.parse(text)
      if (response.status >= 400) errorResponse.parse(document)
      return { status: response.status, body: document, headers: response.headers }
    }
  const close = async () => {
    await listener.close(0)
    await app.close()
  }
  return { as, close, log, routes: graph.routes }
}

/** A directory with the Graph surface, for one test. The caller `asOwner` has all permissions. */
export async function openGraph(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const opened = await openTestCredentials(kind)
  const graph = await serveGraph(opened)
  t.after(async () => {
    await graph.close()
    await opened.dispose()
  })
  const { database, credentials, owner } = opened
  const makeProgram = (displayName: string, directoryRole?: DirectoryRole) =>
    database.transaction((transaction) =>
      credentials.createServicePrincipal(transaction, { displayName, ...(directoryRole && { directoryRole }) }),
    )
  return { ...opened, ...graph, asOwner: graph.as(owner.servicePrincipal.objectId), makeProgram }
}

/** The request body that refers to an object of the directory. */
export const reference = (id: string) => ({ '@odata.id': `${testOrigin}/graph/v1.0/directoryObjects/${id}` })
export const idsOf = (body: Record<string, unknown>) => (body['value'] as { id: string }[]).map(({ id }) => id)
export const errorOf = (body: Record<string, unknown>) => body['error'] as { code: string; message: string }
export const filter = (text: string) => `?$filter=${encodeURIComponent(text)}`
