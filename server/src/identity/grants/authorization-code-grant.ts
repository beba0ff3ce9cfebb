import { hash } from 'node:crypto'
import type { Credentials } from '../../credentials/index.ts'
import type { Database } from '../../platform/sql/database.ts'
import { secretEquals } from '../../platform/keys/sealing.ts'
import type { Audiences } from '../tokens/audiences.ts'
import { type Clients, findRedirectPlatform } from '../tokens/clients.ts'
import { EntraError, type EntraErrorKind } from '../tokens/errors.ts'
import type { HandleData, Handles } from './handles.ts'
import type { Grant, GrantRequest } from './grant.ts'
import { type PersonClient, findPlatformRejection, requirePersonClient } from './person-client.ts'
import type { StartedSignIn, PersonTokens } from './person-tokens.ts'
import { requireRequestedAccess } from './requested-access.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

export type PersonGrantOptions = {
  readonly database: Database
  readonly credentials: Credentials
  readonly clients: Clients
  readonly audiences: Audiences
  readonly handles: Handles
  readonly tokens: PersonTokens
  readonly publicOrigin: PublicOrigin
}

type Redemption =
  { readonly ok: true; readonly started: StartedSignIn } | { readonly ok: false; readonly kind: EntraErrorKind }

/**
 * Creates the grant of a sign-in in a browser. Every attempt uses the code up. A wrong verifier, redirect URI or client also ends
 * the sign-in, and a second use revokes what the first one issued. [RFC 6749 §4.1.3; RFC 7636 §4.6; RFC 9700 §2.1.1]
 */
export function createAuthorizationCodeGrant(options: PersonGrantOptions): Grant {
  const { database, credentials, clients, handles, tokens } = options
  return async (request) => {
    const { form, progress } = request
    const caller = await requirePersonClient(clients, request)
    const code = form.get('code') ?? ''
    if (code === '') throw new EntraError('missingParameter', ['code'])
    const found = await handles.findAny('authorization_code', code)
    if (found === undefined) throw new EntraError('invalidCode', ['code'])
    const { data, signInId } = found
    const access = requireRequestedAccess(request, options, data)
    progress.resource = access.resource.aud
    // A code that was already used is denied below, as a replay.
    const user = found.used ? undefined : await tokens.requireStanding(data.objectId, signInId)

    const redemption = await database.transaction(async (transaction): Promise<Redemption> => {
      const use = await handles.use(transaction, 'authorization_code', code)
      if (use.outcome !== 'used') return { ok: false, kind: rejections[use.outcome] }
      const kind =
        findRejection(request, caller, data) ??
        (mayRequest(caller, data, access.resource) ? undefined : 'anotherResource')
      if (signInId === undefined) return { ok: false, kind: 'revoked' }
      if (kind !== undefined) {
        await credentials.endSignIn(transaction, signInId)
        return { ok: false, kind }
      }
      const platform = findRedirectPlatform(caller.client, data.redirectUri) ?? 'publicClient'
      const { tenantId, clientId } = data
      const started = await tokens.start(transaction, {
        tenantId,
        clientId,
        platform,
        person: personOf(data),
        signInId,
        access,
        origin: request.origin,
      })
      return { ok: true, started }
    })
    if (!redemption.ok) throw new EntraError(redemption.kind, [caller.client.clientId])
    if (user === undefined || signInId === undefined) throw new EntraError('redeemedCode')
    const { nonce } = data
    return tokens.issue(request, {
      ...redemption.started,
      user,
      caller,
      person: personOf(data),
      signInId,
      access,
      nonce,
    })
  }
}

const rejections = { unknown: 'invalidCode', expired: 'expiredCode', replayed: 'redeemedCode' } as const

/** Compares the token request with the request for the code. */
function findRejection(
  request: GrantRequest,
  caller: PersonClient,
  data: HandleData['authorization_code'],
): EntraErrorKind | undefined {
  const { form, addressed } = request
  if (caller.client.clientId !== data.clientId || addressed.tenant.tenantId !== data.tenantId) return 'codeOfAnother'
  if (form.get('redirect_uri') !== data.redirectUri) return 'redirectMismatch'
  if (!verifies(form.get('code_verifier') ?? '', data.codeChallenge)) return 'wrongVerifier'
  return findPlatformRejection(caller, findRedirectPlatform(caller.client, data.redirectUri), request)
}

/** A built-in client may request any resource, an application only the one that the person consented to. */
export function mayRequest(
  { client }: PersonClient,
  consented: { readonly resource: { readonly audience: string } },
  requested: { readonly audience: string },
): boolean {
  return (
    client.kind !== 'registered' ||
    requested.audience === consented.resource.audience ||
    requested.audience === 'userinfo'
  )
}

/** A code verifier. [RFC 7636 §4.1] */
const verifierPattern = /^[A-Za-z0-9._~-]{43,128}$/

function verifies(verifier: string, challenge: string): boolean {
  if (!verifierPattern.test(verifier)) return false
  return secretEquals(hash('sha256', verifier, 'base64url'), challenge)
}

/** The person of a handle. */
export function personOf({ objectId, methods, authenticatedAtMs }: HandleData['refresh_token' | 'authorization_code']) {
  return { objectId, methods, authenticatedAtMs }
}
