import type { Clock } from '../../platform/clock.ts'
import { EntraError } from '../entra-errors.ts'
import type { Handle } from '../handles.ts'
import { type PersonGrantOptions, mayAsk, personOf } from './authorization-code.ts'
import type { Grant } from './grant.ts'
import { findPlatformRefusal, requirePersonClient } from './person-client.ts'
import { signInLifetimeMs } from './person-tokens.ts'
import { readRequestedAccess } from './requested-access.ts'

const dayMs = 24 * 60 * 60 * 1000

/**
 * Makes the grant by which a sign-in goes on. A refresh token stays the same, since az uses it from several processes at
 * once; it is bound to person, tenant, client and sign-in, and to no path or resource. It ends with its sign-in, or when
 * it was not used for long enough. [RFC 6749 §6; RFC 9700 §2.2.2]
 */
export function createRefreshTokenGrant(options: PersonGrantOptions & { readonly clock: Clock }): Grant {
  const { database, directory, clients, handles, tokens, clock } = options

  /** Writes at most once a day, however often it is used. */
  async function prolong({ data, hash, expiresAtMs, signInId }: Handle<'refresh_token'>): Promise<number> {
    const lifetimeMs = signInLifetimeMs(data.platform, true)
    if (data.platform === 'spa' || signInId === undefined) return expiresAtMs
    if (expiresAtMs - clock.now() > lifetimeMs - dayMs) return expiresAtMs
    await database.transaction(async (transaction) => {
      await handles.prolong(transaction, 'refresh_token', hash, lifetimeMs)
      await directory.touchSignIn(transaction, signInId, lifetimeMs)
    })
    return clock.now() + lifetimeMs
  }

  return async (request) => {
    const { form, addressed, progress } = request
    const by = await requirePersonClient(clients, request)
    const refreshToken = form.get('refresh_token') ?? ''
    if (refreshToken === '') throw new EntraError('missingParameter', ['refresh_token'])
    const found = await handles.findAny('refresh_token', refreshToken)
    if (found === undefined) throw new EntraError('invalidCode', ['refresh_token'])
    const { data, signInId } = found
    if (by.client.clientId !== data.clientId || addressed.tenant.tenantId !== data.tenantId) {
      throw new EntraError('codeOfAnother')
    }
    if (clock.now() >= found.expiresAtMs) throw new EntraError('inactive')
    const refusal = findPlatformRefusal(by, data.platform, request)
    if (refusal !== undefined) throw new EntraError(refusal)
    const access = readRequestedAccess(request, options, data)
    progress.resource = access.resource.aud
    if (!mayAsk(by, data, access.resource)) throw new EntraError('anotherResource', [by.client.clientId])
    const user = await tokens.requireStanding(data.objectId, signInId)
    if (signInId === undefined) throw new EntraError('revoked')
    const expiresAtMs = await prolong(found)
    const person = personOf(data)
    const issue = { user, by, person, signInId, access, nonce: undefined, expiresAtMs, refreshToken }
    return tokens.answer(request, issue)
  }
}
