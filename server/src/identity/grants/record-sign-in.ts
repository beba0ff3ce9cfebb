import { type Directory, type NewSignIn, ProofRefusedError, type SignIn } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { EntraError, type EntraErrorKind } from '../tokens/errors.ts'

/**
 * Records a person's sign-in to a client. It is denied if the person is disabled, if their authentication was revoked in the
 * meantime, or if it lacks a required second factor or password change.
 *
 * @throws EntraError
 */
export async function recordSignIn(directory: Directory, transaction: Transaction, signIn: NewSignIn): Promise<SignIn> {
  try {
    return await directory.recordSignIn(transaction, signIn)
  } catch (error) {
    if (!(error instanceof ProofRefusedError)) throw error
    throw new EntraError(refusals[error.refusal], [], { cause: error })
  }
}

const refusals: Readonly<Record<ProofRefusedError['refusal'], EntraErrorKind>> = {
  disabled: 'disabledUser',
  outdated: 'revoked',
  'must-change-password': 'oldPassword',
  'second-factor': 'secondFactorNeeded',
  'second-factor-enrolment': 'enrolmentNeeded',
}
