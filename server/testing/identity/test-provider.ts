import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { decodeJwt } from 'jose'
import { createAudit, createCredentialUses } from '../../src/audit/index.ts'
import { type Credentials, type NewServicePrincipal, createCredentials } from '../../src/credentials/index.ts'
import { type Directory, createDirectory } from '../../src/directory/index.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { listen } from '../../src/platform/http/listener.ts'
import { createLog } from '../../src/platform/log/log.ts'
import { createIssuers } from '../../src/issuers/index.ts'
import type { Outbound } from '../../src/platform/outbound/outbound.ts'
import { openSealer } from '../../src/platform/keys/sealing.ts'
import type { DatabaseKind, Transaction } from '../../src/platform/sql/database.ts'
import { openTestDatabase, usualDatabaseKind } from '../platform/test-database.ts'
import { providerMigrations } from './test-migrations.ts'
import type { PresentedToken } from '../../src/identity/tokens/model.ts'
import { createIdentity } from '../../src/identity/identity.ts'

export const testTenantId = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'
export const testOrigin = 'https://login.example:8443'
export const armScope = 'https://management.core.windows.net//.default'

/** The claims of a token with a valid signature that a denial reports. */
export function presentedIn(token: string): PresentedToken {
  const { iss = '', sub = '', exp = 0 } = decodeJwt(token)
  return { issuer: iss, subject: sub, expiresAtMs: exp * 1000 }
}

type SecondFactorPolicy = NonNullable<Parameters<typeof createCredentials>[0]['secondFactorPolicy']>

export type TestProvider = Awaited<ReturnType<typeof openTestProvider>>

type TestProviderOptions = {
  readonly passwordGrant?: boolean
  readonly maxSignInDays?: number
  readonly secondFactorPolicy?: SecondFactorPolicy | undefined
  readonly outbound?: Outbound | undefined
}

/** A provider with its directory, on a real database and a real socket. The clock is frozen. */
export async function openTestProvider(kind: DatabaseKind = usualDatabaseKind, options: TestProviderOptions = {}) {
  const modules = await openModules(kind, options)
  const { database, directory, credentials, identity, log, disposeDatabase, keyDirectory } = modules
  /** Changes the directory and its credentials. */
  const change = <Result>(work: (transaction: Transaction, modules: Directory & Credentials) => Promise<Result>) =>
    database.transaction((transaction) => work(transaction, { ...directory, ...credentials }))
  const createClient = (displayName: string, directoryRole?: 'owner'): Promise<NewServicePrincipal> =>
    change((transaction) =>
      credentials.createServicePrincipal(transaction, {
        displayName,
        ...(directoryRole === undefined ? {} : { directoryRole }),
      }),
    )
  await change((transaction) =>
    directory.createTenant(transaction, {
      tenantId: testTenantId,
      displayName: 'Contoso',
      defaultDomain: 'contoso.example',
    }),
  )
  const client = await createClient('owner', 'owner')
  /** An application with its service principal and a secret. */
  const createApplication = async (displayName: string) => {
    const { servicePrincipal, secret } = await createClient(displayName)
    const application = await directory.findApplication(servicePrincipal.appId)
    if (application === undefined) throw new Error('there is no application')
    return { application, servicePrincipal, secret }
  }

  const app = createApp({ log, trustedProxies: [] })
  identity.mount(app)
  for (const url of ['/v2/*', '/oauth2/token', '/subscriptions/*']) app.get(url, () => ({ surface: url }))
  const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
  const base = `http://127.0.0.1:${listener.addresses[0]?.port}`
  const close = async () => {
    await listener.close(0)
    await app.close()
    await disposeDatabase()
    await rm(keyDirectory, { recursive: true })
  }
  const { credentialUses, sealer, time, clock, logLines, open } = modules
  return {
    ...createRequests(base, client),
    change,
    createClient,
    createApplication,
    open,
    close,
    database,
    credentialUses,
    credentials,
    directory,
    identity,
    sealer,
    client,
    time,
    clock,
    logLines,
    base,
  }
}

async function openModules(
  kind: DatabaseKind,
  { passwordGrant = false, maxSignInDays = 180, secondFactorPolicy, outbound }: TestProviderOptions,
) {
  const { database, dispose: disposeDatabase } = await openTestDatabase(kind, providerMigrations)
  const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-test-'))
  const sealer = await openSealer(path.join(keyDirectory, 'master.key'))
  const time = { nowMs: Date.parse('2026-03-01T12:00:00Z') }
  const clock = { now: () => time.nowMs }
  const credentialUses = createCredentialUses({ database, clock })
  const audit = createAudit({ database, clock, uses: credentialUses })
  const logLines: string[] = []
  const destination = new PassThrough()
  destination.on('data', (line: Buffer) => logLines.push(line.toString()))
  const log = createLog('info', destination)
  const directory = createDirectory({
    database,
    clock,
    onPrincipalDeleted: () => Promise.resolve(),
    subscriptionOwners: () => Promise.resolve(new Map()),
  })
  const shared = { database, clock, sealer, directory, maxSignInDays }
  const credentials = createCredentials({
    ...shared,
    publicOrigin: testOrigin,
    ...(secondFactorPolicy === undefined ? {} : { secondFactorPolicy }),
    ...(outbound === undefined ? {} : { acceptsIssuer: outbound.acceptsUrl }),
  })
  const issuers = createIssuers({ credentials, directory, clock, ...(outbound === undefined ? {} : { outbound }) })
  const open = (publicOrigin: string) =>
    createIdentity({
      ...shared,
      audit,
      log,
      credentials,
      issuers,
      publicOrigin,
      signingKeyRotationDays: 90,
      passwordGrant,
    })
  const identity = open(testOrigin)
  return {
    database,
    disposeDatabase,
    keyDirectory,
    sealer,
    time,
    clock,
    credentialUses,
    log,
    logLines,
    directory,
    credentials,
    open,
    identity,
  }
}

function createRequests(base: string, { servicePrincipal, secret }: NewServicePrincipal) {
  const get = (url: string, headers: Record<string, string> = {}) => fetch(`${base}${url}`, { headers })
  const post = (url: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${base}${url}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  /** The token request of the owner, with changed fields. The value undefined removes a field. */
  const form = (change: Record<string, string | undefined> = {}) => {
    const fields = {
      grant_type: 'client_credentials',
      client_id: servicePrincipal.appId,
      client_secret: secret,
      scope: armScope,
      ...change,
    }
    return new URLSearchParams(
      Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ).toString()
  }
  const tokenPath = `/${testTenantId}/oauth2/v2.0/token`
  const token = async (change: Record<string, string | undefined> = {}): Promise<string> => {
    const response = await post(tokenPath, form(change))
    if (response.status !== 200) throw new Error(await response.text())
    const body = (await response.json()) as { access_token: string }
    return body.access_token
  }
  return { get, post, form, token, tokenPath }
}
