import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { JWTPayload } from 'jose'
import { loadConfiguration } from '../../src/configuration/index.ts'
import { createLog } from '../../src/platform/log/log.ts'
import { openSealer } from '../../src/platform/keys/sealing.ts'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { openTestDatabase, usualDatabaseKind } from '../platform/test-database.ts'
import { type TestProvider, startTestProvider } from './test-upstream-provider.ts'
import { openUpstreams } from '../../src/issuers/upstream/upstreams.ts'
import { issuerMigrations } from '../../src/issuers/migrations.ts'

/** The origin of the server. */
export const testUpstreamOrigin = 'https://registry.example.com'
/** The claims of a person. */
export const alice = { sub: 'alice-1', name: 'Alice', email: 'alice@contoso.example', groups: ['developers'] }

/** The request of a sign-in. */
export const signInRequest = {
  browser: 'browser-1',
  flow: 'the-flow',
  remoteAddress: '203.0.113.1',
  loginHint: undefined,
  domainHint: undefined,
  authenticatedAfterMs: undefined,
  mustChooseAccount: false,
  wantsAnotherAccount: false,
}

type Options = { readonly kind?: DatabaseKind; readonly extra?: Readonly<Record<string, unknown>> }

/** The providers `contoso` and `fabrikam`, with `extra` settings, on a real database and a clock that stands still. */
export async function openTestUpstreams(t: TestContext, { kind = usualDatabaseKind, extra = {} }: Options = {}) {
  const time = { nowMs: Date.now() }
  const now = () => time.nowMs
  const provider = await startTestProvider('', now)
  const other = await startTestProvider('', now)
  const { database, dispose } = await openTestDatabase(kind, issuerMigrations)
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-upstream-'))
  const lines: string[] = []
  const of = (name: string, { issuer, secretFile, caFile }: TestProvider) => ({
    name,
    displayName: name,
    issuer,
    clientId: 'acrux',
    clientSecretFile: secretFile,
    caFile,
    privateNetwork: true,
    ...extra,
  })
  const settings = JSON.stringify([of('contoso', provider), of('fabrikam', other)])
  const { identityProviders } = await loadConfiguration({ flags: { identityProviders: settings } })
  const upstreams = await openUpstreams({
    providers: identityProviders,
    database,
    clock: { now },
    log: createLog('debug', { write: (line) => void lines.push(line) }),
    sealer: await openSealer(path.join(directory, 'key')),
    publicOrigin: testUpstreamOrigin,
  })
  t.after(async () => {
    await Promise.all([provider.close(), other.close(), dispose()])
    await rm(directory, { recursive: true })
  })

  async function begin(name = 'contoso', browser = 'browser-1', more = {}): Promise<string> {
    const begun = await upstreams.begin(name, { ...signInRequest, browser, ...more })
    assert.ok('location' in begun, JSON.stringify(begun))
    return begun.location
  }
  async function finish(query: URLSearchParams, name = 'contoso', browser = 'browser-1') {
    const result = await upstreams.finish(name, { browser, query: query.toString(), correlationId: 'id' })
    return 'rejection' in result ? result.rejection.failure : result
  }
  const signIn = async (claims: JWTPayload = alice) => finish(provider.signIn(await begin(), claims))
  return { provider, other, upstreams, database, time, lines, begin, finish, signIn }
}
