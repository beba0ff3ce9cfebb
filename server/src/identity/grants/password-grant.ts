import { EntraError } from '../tokens/errors.ts'
import { recordSignIn } from './record-sign-in.ts'
import type { PersonGrantOptions } from './authorization-code-grant.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Grant } from './grant.ts'
import { requirePersonClient, requirePublicFlows } from './person-client.ts'
import { signInLifetimeMs } from './person-tokens.ts'
import { requireRequestedAccess } from './requested-access.ts'

/**
 * Creates the grant of programs that have a person's password. It is off by default, and does not bypass a second factor or a
 * required password change. [RFC 6749 §4.3]
 */
export function createPasswordGrant(options: PersonGrantOptions & { readonly clock: Clock }): Grant {
  const { database, credentials, clients, tokens, clock } = options
  return async (request) => {
    const { form, addressed, origin, progress } = request
    const caller = await requirePersonClient(clients, request)
    requirePublicFlows(caller)
    const userPrincipalName = form.get('username') ?? ''
    const password = form.get('password') ?? ''
    if (userPrincipalName === '') throw new EntraError('missingParameter', ['username'])
    if (password === '') throw new EntraError('missingParameter', ['password'])
    const access = requireRequestedAccess(request, options)
    progress.resource = access.resource.aud
    const check = await credentials.checkPassword({ userPrincipalName, password, ...origin })
    if (check.outcome === 'refused' && check.reason === 'busy') {
      throw new EntraError('tooManyPasswords', [], { retryAfterSeconds: check.retryAfterSeconds })
    }
    if (check.outcome === 'refused') throw new EntraError(rejections[check.reason])
    const { user } = check
    const { clientId } = caller.client
    const { tenantId } = addressed.tenant
    const person = { objectId: user.objectId, methods: ['pwd'], authenticatedAtMs: clock.now() }
    const platform = 'publicClient'
    const lifetimeMs = signInLifetimeMs(platform, access.openId.has('offline_access'))
    const { started, signInId } = await database.transaction(async (transaction) => {
      const { methods, authenticatedAtMs } = person
      const newSignIn = { user, methods, authenticatedAtMs, clientId, lifetimeMs }
      const { id } = await recordSignIn(credentials, transaction, newSignIn)
      const signIn = { tenantId, clientId, platform, person, signInId: id, access, origin } as const
      return { started: await tokens.start(transaction, signIn), signInId: id }
    })
    return tokens.issue(request, { ...started, user, caller, person, signInId, access, nonce: undefined })
  }
}

// A throttled client must not learn whether the name exists.
const rejections = {
  wrong: 'wrongPassword',
  throttled: 'wrongPassword',
  'code-needed': 'wrongPassword',
  disabled: 'disabledUser',
} as const
