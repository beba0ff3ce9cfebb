import { createHash } from 'node:crypto'
import type { Credentials } from '../../credentials/index.ts'
import type { Database } from '../../platform/sql/database.ts'
import { secretEquals } from '../../platform/keys/sealing.ts'
import type { Audiences } from '../audiences.ts'
import { type Clients, redirectPlatform } from '../clients.ts'
import { EntraError, type EntraErrorKind } from '../entra-errors.ts'
import type { HandleData, Handles } from '../handles.ts'
import type { Grant, GrantRequest } from './grant.ts'
import { type PersonClient, findPlatformRefusal, requirePersonClient } from './person-client.ts'
import type { BegunSignIn, PersonTokens } from './person-tokens.ts'
import { readRequestedAccess } from './requested-access.ts'

export type PersonGrantOptions = {
  readonly database: Database
  readonly credentials: Credentials
  readonly clients: Clients
  readonly audiences: Audiences
  readonly handles: Handles
  readonly tokens: PersonTokens
  readonly publicOrigin: string
}

type Redemption =
  { readonly ok: true; readonly begun: BegunSignIn } | { readonly ok: false; readonly kind: EntraErrorKind }

/**
 * Makes the grant of a browser's sign-in. A code is used up whoever shows it: with a wrong verifier, redirect URI or
 * client it is gone and its sign-in ended, and one that is shown twice ends what the first got. [RFC 6749 §4.1.3;
 * RFC 7636 §4.6; RFC 9700 §2.1.1]
 */
export function createAuthorizationCodeGrant(options: PersonGrantOptions): Grant {
  const { database, credentials, clients, handles, tokens } = options
  return async (request) => {
    const { form, progress } = request
    const by = await requirePersonClient(clients, request)
    const code = form.get('code') ?? ''
    if (code === '') throw new EntraError('missingParameter', ['code'])
    const found = await handles.findAny('authorization_code', code)
    if (found === undefined) throw new EntraError('invalidCode', ['code'])
    const { data, signInId } = found
    const access = readRequestedAccess(request, options, data)
    progress.resource = access.resource.aud
    // One that was used up goes on to be recognised as such.
    const user = found.used ? undefined : await tokens.requireStanding(data.objectId, signInId)

    const redemption = await database.transaction(async (transaction): Promise<Redemption> => {
      const use = await handles.use(transaction, 'authorization_code', code)
      if (use.outcome !== 'used') return { ok: false, kind: refusals[use.outcome] }
      const kind = findRefusal(request, by, data) ?? (mayAsk(by, data, access.resource) ? undefined : 'anotherResource')
      if (signInId === undefined) return { ok: false, kind: 'revoked' }
      if (kind !== undefined) {
        await credentials.endSignIn(transaction, signInId)
        return { ok: false, kind }
      }
      const platform = redirectPlatform(by.client, data.redirectUri) ?? 'publicClient'
      const { tenantId, clientId } = data
      const begun = await tokens.begin(transaction, {
        tenantId,
        clientId,
        platform,
        person: personOf(data),
        signInId,
        access,
        origin: request.origin,
      })
      return { ok: true, begun }
    })
    if (!redemption.ok) throw new EntraError(redemption.kind, [by.client.clientId])
    if (user === undefined || signInId === undefined) throw new EntraError('redeemedCode')
    const { nonce } = data
    return tokens.answer(request, { ...redemption.begun, user, by, person: personOf(data), signInId, access, nonce })
  }
}

const refusals = { unknown: 'invalidCode', expired: 'expiredCode', replayed: 'redeemedCode' } as const

/** What does not fit between the request for the code and the one that redeems it. */
function findRefusal(
  request: GrantRequest,
  by: PersonClient,
  data: HandleData['authorization_code'],
): EntraErrorKind | undefined {
  const { form, addressed } = request
  if (by.client.clientId !== data.clientId || addressed.tenant.tenantId !== data.tenantId) return 'codeOfAnother'
  if (form.get('redirect_uri') !== data.redirectUri) return 'redirectMismatch'
  if (!verifies(form.get('code_verifier') ?? '', data.codeChallenge)) return 'wrongVerifier'
  return findPlatformRefusal(by, redirectPlatform(by.client, data.redirectUri), request)
}

/** What everybody has installed may ask for anything at any time; an application for what the person agreed to. */
export function mayAsk(
  { client }: PersonClient,
  agreed: { readonly resource: { readonly audience: string } },
  asked: { readonly audience: string },
): boolean {
  return client.kind === 'public' || asked.audience === agreed.resource.audience || asked.audience === 'userinfo'
}

/** The alphabet and the length of a verifier. [RFC 7636 §4.1] */
const verifierPattern = /^[A-Za-z0-9._~-]{43,128}$/

function verifies(verifier: string, challenge: string): boolean {
  if (!verifierPattern.test(verifier)) return false
  return secretEquals(createHash('sha256').update(verifier).digest('base64url'), challenge)
}

/** Who a handle stands for, without the rest that is bound to it. */
export function personOf({ objectId, methods, authenticatedAtMs }: HandleData['refresh_token' | 'authorization_code']) {
  return { objectId, methods, authenticatedAtMs }
}
