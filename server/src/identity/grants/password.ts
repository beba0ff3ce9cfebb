import { EntraError } from '../entra-errors.ts'
import { recordPerson } from '../person-standing.ts'
import type { PersonGrantOptions } from './authorization-code.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Grant } from './grant.ts'
import { requirePersonClient, requirePublicFlows } from './person-client.ts'
import { signInLifetimeMs } from './person-tokens.ts'
import { readRequestedAccess } from './requested-access.ts'

/**
 * Makes the grant by which a program that has somebody's password signs in as them. It is off unless the operator wants
 * it, and passes by no second factor and no password that has to be changed. [RFC 6749 §4.3]
 */
export function createPasswordGrant(options: PersonGrantOptions & { readonly clock: Clock }): Grant {
  const { database, credentials, clients, tokens, clock } = options
  return async (request) => {
    const { form, addressed, origin, progress } = request
    const by = await requirePersonClient(clients, request)
    requirePublicFlows(by)
    const userPrincipalName = form.get('username') ?? ''
    const password = form.get('password') ?? ''
    if (userPrincipalName === '') throw new EntraError('missingParameter', ['username'])
    if (password === '') throw new EntraError('missingParameter', ['password'])
    const access = readRequestedAccess(request, options)
    progress.resource = access.resource.aud
    const check = await credentials.checkPassword({ userPrincipalName, password, ...origin })
    if (check.outcome === 'refused' && check.reason === 'busy') {
      throw new EntraError('tooManyProofs', [], { retryAfterSeconds: check.retryAfterSeconds })
    }
    if (check.outcome === 'refused') throw new EntraError(refusals[check.reason])
    const { user } = check
    const { clientId } = by.client
    const { tenantId } = addressed.tenant
    const person = { objectId: user.objectId, methods: ['pwd'], authenticatedAtMs: clock.now() }
    const platform = 'publicClient'
    const lifetimeMs = signInLifetimeMs(platform, access.openId.has('offline_access'))
    const { begun, signInId } = await database.transaction(async (transaction) => {
      const { methods, authenticatedAtMs } = person
      const proof = { user, methods, authenticatedAtMs, clientId, lifetimeMs }
      const { id } = await recordPerson(credentials, transaction, proof)
      const signIn = { tenantId, clientId, platform, person, signInId: id, access, origin } as const
      return { begun: await tokens.begin(transaction, signIn), signInId: id }
    })
    return tokens.answer(request, { ...begun, user, by, person, signInId, access, nonce: undefined })
  }
}

// Who is throttled must not learn by it that the name is known.
const refusals = {
  wrong: 'wrongPassword',
  throttled: 'wrongPassword',
  'code-needed': 'wrongPassword',
  disabled: 'disabledUser',
} as const
