import type { Directory, User } from '../directory/index.ts'
import { EntraError } from './entra-errors.ts'
import type { SignedInPerson } from './sign-in-protocol.ts'

/** Any of these says that more than a password was shown, or that another provider vouches for the person. [RFC 8176 §2] */
const beyondPassword = ['mfa', 'otp', 'hwk', 'fed']

/**
 * Looks once more at somebody whom the pages let through: enabled, not by a password that has to be changed, and not by a
 * password alone where there is a second factor. A page that forgets to ask must not be enough to get a token.
 *
 * @throws EntraError
 */
export async function requireComplete(directory: Directory, { user, methods }: SignedInPerson): Promise<User> {
  const standing = await directory.findUser(user.objectId)
  if (standing?.enabled !== true) throw new EntraError('disabledUser')
  if (standing.mustChangePassword && methods.includes('pwd')) throw new EntraError('oldPassword')
  if (methods.some((method) => beyondPassword.includes(method))) return standing
  const { totp, passkeys } = await directory.secondFactors.of(standing.objectId)
  if (totp || passkeys > 0) throw new EntraError('secondFactorNeeded')
  return standing
}
