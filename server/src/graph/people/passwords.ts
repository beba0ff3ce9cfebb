import { attributionOf } from '../../audit/index.ts'
import { AuthenticationRejectedError, type PreparedPassword, WeakPasswordError } from '../../credentials/index.ts'
import { BusyError } from '../../platform/limits/fair-queue.ts'
import { change } from '../protocol/context.ts'
import { GraphError } from '../protocol/errors.ts'
import type { GraphHandler } from '../protocol/route.ts'
import type { changePasswordBody } from './bodies.ts'
import { requireMe } from './visible-users.ts'

/** `POST /me/changePassword`: ends all sign-ins of the user, including this one. */
export const changeMyPassword: GraphHandler<'none', typeof changePasswordBody> = async (context, call) => {
  const { objectId: id, userPrincipalName } = await requireMe(context, call)
  const { currentPassword, newPassword } = call.readBody()
  const check = await context.credentials.checkPassword({
    userPrincipalName,
    password: currentPassword,
    ...call.origin,
  })
  if (check.outcome === 'refused' && check.reason === 'busy') throw new BusyError(check.retryAfterSeconds)
  if (check.outcome !== 'verified' || check.user.objectId !== id) {
    const reason = check.outcome === 'refused' ? check.reason : 'wrong'
    const event = { action: 'user.change-password', outcome: 'refused', reason, target: `users/${id}` } as const
    await context.audit.append({ ...event, ...attributionOf(call.caller), origin: call.origin })
    throw new GraphError('badRequest', "The specified password does not match: 'currentPassword' is incorrect.")
  }
  const prepared = await preparePassword(() => context.credentials.preparePassword(userPrincipalName, newPassword))
  await change(
    context,
    call,
    async (transaction) => {
      const { origin } = call
      await context.credentials.changePassword(transaction, check.user, prepared, { origin }).catch(passwordChanged)
    },
    () => ({ action: 'user.change-password', target: `users/${id}` }),
  )
}

/** Checks and hashes a password. @throws GraphError if it is weak */
export async function preparePassword(work: () => Promise<PreparedPassword>): Promise<PreparedPassword> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof WeakPasswordError)) throw error
    const text = 'The specified password does not comply with password complexity requirements'
    throw new GraphError('badRequest', `${text}: ${weaknesses[error.rejection]}`, { cause: error })
  }
}

const weaknesses: Readonly<Record<WeakPasswordError['rejection'], string>> = {
  'too-short': 'the password has fewer than 10 characters.',
  'too-long': 'the password is too long.',
  'like-user-name': 'the password is too similar to the user name.',
  'too-common': 'the password is too common.',
  'same-as-before': 'the password is the same as the current password.',
}

/** The password was reset or changed after the current password was checked. */
function passwordChanged(error: unknown): never {
  if (!(error instanceof AuthenticationRejectedError)) throw error
  const text = 'The current password is not the specified password. Another request has changed the password.'
  throw new GraphError('badRequest', text, { cause: error })
}
