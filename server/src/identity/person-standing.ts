import { type Credentials, type NewSignIn, AuthenticationRefusedError, type SignIn } from '../credentials/index.ts'
import type { Transaction } from '../platform/sql/database.ts'
import { EntraError, type EntraErrorKind } from './entra-errors.ts'

/**
 * Writes down a sign-in of somebody whom the pages let through, if they are enabled, and nothing that they were proved by
 * was taken away meanwhile or is less than the whole.
 *
 * @throws EntraError
 */
export async function recordPerson(
  credentials: Credentials,
  transaction: Transaction,
  signIn: NewSignIn,
): Promise<SignIn> {
  try {
    return await credentials.recordSignIn(transaction, signIn)
  } catch (error) {
    if (!(error instanceof AuthenticationRefusedError)) throw error
    throw new EntraError(refusals[error.refusal], [], { cause: error })
  }
}

const refusals: Readonly<Record<AuthenticationRefusedError['refusal'], EntraErrorKind>> = {
  disabled: 'disabledUser',
  outdated: 'revoked',
  'must-change-password': 'oldPassword',
  'second-factor': 'secondFactorNeeded',
  'second-factor-enrolment': 'enrolmentNeeded',
}
