import { hash, randomBytes } from 'node:crypto'
import { expectStatus } from './arm.ts'
import { form, request, type HttpResponse } from './http.ts'
import { at, stringAt } from './json.ts'
import { pageVisitor, type Elsewhere, type Page, type PageVisitor, type Person } from './page-visitor.ts'
import type { RunningServer } from './server.ts'

/** az's client id, which every server knows. */
export const azClientId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

const redirectUri = 'http://localhost:36805'

/** What a person's sign-in gives. */
export interface PersonTokens {
  readonly access: string
  readonly id: string
  readonly refresh: string
}

/** A code that the browser of a person received, and the values that redeem it. */
export interface PersonCode {
  readonly code: string
  readonly verifier: string
}

/** One request at the token endpoint of the provider, unchecked. */
export function askToken(server: RunningServer, fields: Record<string, string>): Promise<HttpResponse> {
  const url = `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/v2.0/token`
  return request({ method: 'POST', url, caFile: server.caFile, ...form(fields) })
}

/** How a person goes through the pages, from the first to the last. */
export type WayThrough = (visitor: PageVisitor, start: Page | Elsewhere) => Promise<Page | Elsewhere>

/** Goes through the pages as a person, or in another way, and returns a code that is not redeemed yet. */
export async function codeOf(server: RunningServer, person: Person | WayThrough, scope: string): Promise<PersonCode> {
  const verifier = randomBytes(32).toString('base64url')
  const url = new URL(`${server.baseUrl}/organizations/oauth2/v2.0/authorize`)
  url.search = new URLSearchParams({
    client_id: azClientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    state: 'state',
    code_challenge: hash('sha256', verifier, 'base64url'),
    code_challenge_method: 'S256',
  }).toString()
  const visitor = pageVisitor(server)
  const start = await visitor.open(url)
  const end = typeof person === 'function' ? await person(visitor, start) : await visitor.signIn(start, person)
  const code = 'location' in end ? end.location.searchParams.get('code') : undefined
  if (typeof code !== 'string')
    throw new Error(`no code came back: ${'location' in end ? end.location.href : end.html}`)
  return { code, verifier }
}

/** Redeems a code, unchecked. */
export function redeem(server: RunningServer, { code, verifier }: PersonCode): Promise<HttpResponse> {
  return askToken(server, {
    grant_type: 'authorization_code',
    client_id: azClientId,
    redirect_uri: redirectUri,
    code,
    code_verifier: verifier,
  })
}

/** Signs a person in as az does with a browser. */
export async function signInPerson(server: RunningServer, person: Person, resource: string): Promise<PersonTokens> {
  const scope = `${resource}/.default offline_access openid profile`
  const answer = expectStatus(await redeem(server, await codeOf(server, person, scope)), 200).json()
  return {
    access: stringAt(answer, 'access_token'),
    id: stringAt(answer, 'id_token'),
    refresh: stringAt(answer, 'refresh_token'),
  }
}

/** A person's access token for another resource, by a refresh token. */
export async function refreshPerson(server: RunningServer, refreshToken: string, scope: string): Promise<string> {
  const fields = { grant_type: 'refresh_token', client_id: azClientId, refresh_token: refreshToken, scope }
  const answer = expectStatus(await askToken(server, fields), 200).json()
  return String(at(answer, 'access_token'))
}
