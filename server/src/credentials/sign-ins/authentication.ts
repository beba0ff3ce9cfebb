import type { AuthenticationRecord, AuthenticationRecords, User } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { SecondFactorRules } from '../second-factors/second-factor-policy.ts'

/** A user with the revision of the authentication. If the user has a later revision, the authentication is no longer valid. */
export type AuthenticatedUser = Pick<User, 'objectId' | 'authenticationRevision'>

/** Why a successful authentication does not lead to a sign-in. */
export type AuthenticationRejection =
  | 'disabled'
  /** The password was reset, a method was removed, the user signed out everywhere, or was deleted. */
  | 'outdated'
  | 'must-change-password'
  | 'second-factor'
  | 'second-factor-enrolment'

/** The authentication is no longer valid, or is not complete. */
export class AuthenticationRejectedError extends Error {
  override readonly name = 'AuthenticationRejectedError'
  readonly rejection: AuthenticationRejection
  constructor(rejection: AuthenticationRejection) {
    super(`the authentication is no longer valid: ${rejection}`)
    this.rejection = rejection
  }
}

/**
 * Requires that the authentication is still valid. Called within the transaction that uses the authentication.
 *
 * @throws AuthenticationRejectedError
 */
export async function requireValidAuthentication(
  authentication: Pick<AuthenticationRecords, 'find'>,
  transaction: Transaction,
  { objectId, authenticationRevision }: AuthenticatedUser,
): Promise<AuthenticationRecord> {
  const user = await authentication.find(objectId, transaction)
  if (user?.enabled === false) throw new AuthenticationRejectedError('disabled')
  if (user?.authenticationRevision !== authenticationRevision) throw new AuthenticationRejectedError('outdated')
  return user
}

/**
 * Requires that an authentication is complete: the user need not change the password, and has used a second factor if one exists or is
 * required. The server checks this here too, in case a page omits the check.
 *
 * @throws AuthenticationRejectedError
 */
export async function requireCompleteAuthentication(
  rules: SecondFactorRules,
  transaction: Transaction,
  user: AuthenticationRecord,
  methods: readonly string[],
): Promise<void> {
  if (user.mustChangePassword && methods.includes('pwd')) throw new AuthenticationRejectedError('must-change-password')
  const due = await rules.due(transaction, user, methods)
  if (due !== undefined) throw new AuthenticationRejectedError(due === 'enrolment' ? 'second-factor-enrolment' : due)
}
