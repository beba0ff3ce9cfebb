import type { Clock } from '../../platform/process/clock.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { noBlocks, sealHead } from './chain-head.ts'
import { writeHead } from './chain-store.ts'
import { insertEvents } from '../log/event-store.ts'

/**
 * Seals the head of a new log. Call this function only in the transaction that created the table of the head: if the
 * table is empty later, an attacker without the master key emptied it.
 */
export async function sealFirstHead(transaction: Transaction, sealer: Sealer): Promise<void> {
  await writeHead(transaction, sealHead(sealer, noBlocks))
}

/** A change of the head of a log. */
export type HeadChange = {
  readonly reason: string
  /** Null if the sealed block is unknown. */
  readonly sealedBlock: number | null
  readonly lastBlock: number
}

/** Writes an event of the server about the head of the log. */
export async function writeOwnEvent(
  transaction: Transaction,
  clock: Clock,
  action: string,
  { reason, ...facts }: HeadChange,
): Promise<void> {
  await insertEvents(transaction, [
    {
      at_ms: clock.now(),
      action,
      outcome: 'success',
      actor_kind: 'system',
      actor_id: 'acrux',
      target: 'audit-log',
      reason,
      detail: JSON.stringify(facts),
      correlation_id: newTimeOrderedId(clock.now()),
      remote_address: '',
      user_agent: null,
      credential_kind: null,
      credential_id: null,
    },
  ])
}
