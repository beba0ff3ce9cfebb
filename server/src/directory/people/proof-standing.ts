import type { Transaction } from '../../platform/sql/database.ts'
import type { DirectoryStore } from '../store.ts'
import type { SecondFactorRules } from './second-factor-policy.ts'
import type { UserRow } from '../tables.ts'
import type { User } from '../model.ts'

/** Whose proof it is, and which of their proofs: what was proved of an earlier revision counts no more. */
export type ProvedUser = Pick<User, 'objectId' | 'proofRevision'>

/** Why a proof that held when it was made makes no sign-in any more. */
export type ProofRefusal =
  | 'disabled'
  /** The password was reset, something was taken away, the person signed out everywhere, or is gone. */
  | 'outdated'
  | 'must-change-password'
  | 'second-factor'
  | 'second-factor-enrolment'

/** A proof counts no more, or not as the whole. */
export class ProofRefusedError extends Error {
  override readonly name = 'ProofRefusedError'
  readonly refusal: ProofRefusal
  constructor(refusal: ProofRefusal) {
    super(`the proof counts no more: ${refusal}`)
    this.refusal = refusal
  }
}

/**
 * Looks once more, within the transaction that makes something of it, at somebody who was proved before it: nothing that
 * was proved may have been taken away meanwhile. @throws ProofRefusedError
 */
export async function requireProof(
  store: DirectoryStore,
  transaction: Transaction,
  { objectId, proofRevision }: ProvedUser,
): Promise<UserRow> {
  const row = await store.user(transaction, objectId)
  if (row?.enabled === 0) throw new ProofRefusedError('disabled')
  if (row?.proof_revision !== proofRevision) throw new ProofRefusedError('outdated')
  return row
}

/**
 * Makes sure that nothing is left to prove: no password that has to be changed, and no password alone where there is a
 * second factor, or where one is required. A page that forgets to ask must not be enough. @throws ProofRefusedError
 */
export async function requireWhole(
  rules: SecondFactorRules,
  transaction: Transaction,
  { object_id: objectId, directory_role: directoryRole, must_change_password }: UserRow,
  methods: readonly string[],
): Promise<void> {
  if (must_change_password === 1 && methods.includes('pwd')) throw new ProofRefusedError('must-change-password')
  const due = await rules.due(transaction, { objectId, directoryRole }, methods)
  if (due !== undefined) throw new ProofRefusedError(due === 'enrolment' ? 'second-factor-enrolment' : due)
}
