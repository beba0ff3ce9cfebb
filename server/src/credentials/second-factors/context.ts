import type { AuthenticationRecords } from '../../directory/index.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { SecurityEvents } from '../security-events/security-events.ts'
import type { EndWeakSignIns } from './second-factor-policy.ts'
import type { SecondFactorStore } from './second-factor-store.ts'

/** The dependencies of the second factors. */
export type SecondFactorContext = {
  readonly database: Database
  readonly store: SecondFactorStore
  readonly authentication: AuthenticationRecords
  readonly clock: Clock
  readonly sealer: Sealer
  readonly securityEvents: SecurityEvents
  readonly endWeakSignIns: EndWeakSignIns
}

/** Ends the sign-ins of a user without a second factor, so that these sign-ins end when the user sets up the first second factor. */
export async function endWeakSignInsOf(
  { endWeakSignIns }: Pick<SecondFactorContext, 'endWeakSignIns'>,
  transaction: Transaction,
  objectId: string,
): Promise<void> {
  transaction.changesAuthority()
  await endWeakSignIns(transaction, [objectId])
}

/** Deletes the recovery codes of a user who has no other second factor. */
export async function removeUnneededCodes(
  { store }: Pick<SecondFactorContext, 'store'>,
  transaction: Transaction,
  objectId: string,
): Promise<void> {
  const totp = await store.totp(transaction, objectId)
  const passkeys = await store.passkeysOf(transaction, objectId)
  if (totp?.confirmed !== 1 && passkeys.length === 0) await store.replaceRecoveryCodes(transaction, objectId, [])
}
