import { hash, randomBytes } from 'node:crypto'
import type { User } from '../../src/directory/index.ts'
import { hashedPassword } from '../platform/test-hashed-password.ts'
import type { DatabaseKind, Transaction } from '../../src/platform/sql/database.ts'
import type { SignedInPerson } from '../../src/identity/provider/sign-in-protocol.ts'
import { armScope, openTestProvider, testTenantId } from './test-provider.ts'
import { usualDatabaseKind } from '../platform/test-database.ts'

/** az's client id. */
export const azClientId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
export const testPassword = 'correct horse battery staple'
export const testRedirectUri = 'http://localhost:36805'
export const testScope = `${armScope} offline_access openid profile`

/** A response of the token endpoint. */
export type TokenResponse = {
  readonly status: number
  readonly headers: Headers
  readonly access_token?: string
  readonly id_token?: string
  readonly refresh_token?: string
  readonly client_info?: string
  readonly scope?: string
  readonly error?: string
  readonly error_codes?: readonly number[]
}

type Fields = Readonly<Record<string, string | undefined>>

export type TestPeople = Awaited<ReturnType<typeof openTestPeople>>

/** A provider with a person and what her browser and programs do. There are no pages: she is already signed in. */
export async function openTestPeople(
  kind: DatabaseKind = usualDatabaseKind,
  options: Parameters<typeof openTestProvider>[1] = {},
) {
  const provider = await openTestProvider(kind, options)
  const { database, directory, identity, time } = provider
  const createUser = async (name: string, change: { mustChangePassword?: boolean; mail?: string } = {}) => {
    const password = await hashedPassword(testPassword)
    return database.transaction(async (transaction) => {
      const user = await directory.createUser(transaction, {
        userPrincipalName: `${name}@contoso.example`,
        displayName: name,
        password,
        ...change,
      })
      await openBrowser(transaction, user, time.nowMs)
      return user
    })
  }
  const alice = await createUser('alice')
  const signedIn = (user = alice) => signedInPerson(user, time.nowMs)

  const verifier = randomBytes(32).toString('base64url')
  const codeChallenge = hash('sha256', verifier, 'base64url')
  const authorizeFields = {
    client_id: azClientId,
    response_type: 'code',
    redirect_uri: testRedirectUri,
    scope: testScope,
    state: 'GsiT',
    nonce: 'ffec67',
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  }
  const read = (change: Fields = {}, tenant = 'organizations', version: '1.0' | '2.0' = '2.0') =>
    identity.readAuthorizationRequest(parameters({ ...authorizeFields, ...change }), tenant, version)
  /** The code of an authorization response. */
  const code = async (change: Fields = {}, person = signedIn()): Promise<string> => {
    const reading = await read(change)
    if (!reading.ok) throw new Error(JSON.stringify(reading))
    return (await identity.issueCode(reading.request, person)).parameters['code'] ?? ''
  }
  const ask = async (form: Fields, tenant = testTenantId, headers: Record<string, string> = {}) => {
    const response = await provider.post(`/${tenant}/oauth2/v2.0/token`, parameters(form).toString(), headers)
    return {
      ...((await response.json()) as object),
      status: response.status,
      headers: response.headers,
    } as TokenResponse
  }
  const redeem = (text: string, change: Fields = {}, tenant?: string, headers?: Record<string, string>) =>
    ask(
      {
        grant_type: 'authorization_code',
        client_id: azClientId,
        client_info: '1',
        code: text,
        code_verifier: verifier,
        redirect_uri: testRedirectUri,
        scope: testScope,
        ...change,
      },
      tenant,
      headers,
    )
  const refresh = (refreshToken: string | undefined, change: Fields = {}, tenant?: string) =>
    ask(
      { grant_type: 'refresh_token', client_id: azClientId, refresh_token: refreshToken, scope: testScope, ...change },
      tenant,
    )
  /** The tokens of a sign-in. */
  const signIn = async (person = signedIn()) => {
    const {
      access_token: accessToken,
      id_token: idToken,
      refresh_token: refreshToken,
    } = await redeem(await code({}, person))
    if (accessToken === undefined || idToken === undefined || refreshToken === undefined) throw new Error('no tokens')
    return { accessToken, idToken, refreshToken }
  }
  const requests = { read, code, ask, redeem, refresh, signIn }
  return { ...provider, ...requests, createUser, alice, signedIn, verifier, codeChallenge }
}

/** Signs a person in to the pages. The id of this sign-in is their object id. */
export async function openBrowser(transaction: Transaction, { objectId }: User, nowMs: number): Promise<void> {
  await transaction
    .tables<{ sign_in: Record<string, string | number> }>()
    .insertInto('sign_in')
    .values({
      id: objectId,
      object_id: objectId,
      client_id: 'acrux-pages',
      methods: 'pwd otp mfa',
      authenticated_at_ms: nowMs,
      created_at_ms: nowMs,
      expires_at_ms: nowMs + 400 * 24 * 60 * 60 * 1000,
      last_used_at_ms: nowMs,
    })
    .execute()
}

function signedInPerson(user: User, authenticatedAtMs: number): SignedInPerson {
  return { user, signInId: user.objectId, methods: ['pwd'], authenticatedAtMs }
}

function parameters(fields: Fields): URLSearchParams {
  const pairs = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return new URLSearchParams(pairs)
}
