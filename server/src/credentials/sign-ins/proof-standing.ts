import type { AuthenticationRecord, AuthenticationRecords, User } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { SecondFactorRules } from '../second-factors/second-factor-policy.ts'

/** A user with the revision of the authentication: one of an earlier revision is no longer valid. */
export type ProvedUser = Pick<User, 'objectId' | 'proofRevision'>

/** Why an authentication that succeeded does not lead to a sign-in. */
export type ProofRefusal =
  | 'disabled'
  /** The password was reset, a method was removed, the user signed out everywhere, or was deleted. */
  | 'outdated'
  | 'must-change-password'
  | 'second-factor'
  | 'second-factor-enrolment'

/** The authentication is no longer valid, or not complete. */
export class ProofRefusedError extends Error {
  override readonly name = 'ProofRefusedError'
  readonly refusal: ProofRefusal
  constructor(refusal: ProofRefusal) {
    super(`the proof counts no more: ${refusal}`)
    this.refusal = refusal
  }
}

/**
 * Requires, within the transaction that uses an authentication, that nothing has invalidated it since.
 *
 * @throws ProofRefusedError
 */
export async function requireProof(
  authentication: Pick<AuthenticationRecords, 'find'>,
  transaction: Transaction,
  { objectId, proofRevision }: ProvedUser,
): Promise<AuthenticationRecord> {
  const user = await authentication.find(objectId, transaction)
  if (user?.enabled === false) throw new ProofRefusedError('disabled')
  if (user?.proofRevision !== proofRevision) throw new ProofRefusedError('outdated')
  return user
}

/**
 * Requires that an authentication is complete: no password that must be changed, and no password alone if the user has a
 * second factor or needs one. Checked here too, so that a page cannot forget it.
 *
 * @throws ProofRefusedError
 */
export async function requireWhole(
  rules: SecondFactorRules,
  transaction: Transaction,
  user: AuthenticationRecord,
  methods: readonly string[],
): Promise<void> {
  if (user.mustChangePassword && methods.includes('pwd')) throw new ProofRefusedError('must-change-password')
  const due = await rules.due(transaction, user, methods)
  if (due !== undefined) throw new ProofRefusedError(due === 'enrolment' ? 'second-factor-enrolment' : due)
}
