import { AuthenticationRejectedError, type Credentials, type NewSignIn, type SignIn } from '../../credentials/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { EntraError, type EntraErrorKind } from '../tokens/errors.ts'

/**
 * Records a person's sign-in to a client. It is denied if the person is disabled, if their authentication was revoked in the
 * meantime, or if it lacks a required second factor or password change. `browserSignInId` is the sign-in of the browser in which
 * the person accepted: the new sign-in is also denied if the sign-in of the browser has ended.
 *
 * @throws EntraError
 */
export async function recordSignIn(
  credentials: Credentials,
  transaction: Transaction,
  signIn: NewSignIn,
  browserSignInId?: string,
): Promise<SignIn> {
  try {
    if (browserSignInId !== undefined) {
      await credentials.requireSignIn(transaction, { user: signIn.user, signInId: browserSignInId })
    }
    return await credentials.recordSignIn(transaction, signIn)
  } catch (error) {
    if (!(error instanceof AuthenticationRejectedError)) throw error
    throw new EntraError(rejections[error.rejection], [], { cause: error })
  }
}

const rejections: Readonly<Record<AuthenticationRejectedError['rejection'], EntraErrorKind>> = {
  disabled: 'disabledUser',
  outdated: 'revoked',
  'must-change-password': 'oldPassword',
  'second-factor': 'secondFactorNeeded',
  'second-factor-enrolment': 'enrolmentNeeded',
}
