import type { Clock } from '../../platform/process/clock.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { noBlocks, sealHead } from './chain-head.ts'
import { readChain, writeHead } from './chain-store.ts'
import { insertEvents } from '../log/event-store.ts'

type FirstHead = {
  readonly sealer: Sealer
  readonly clock: Clock
  /** Whether the log is new. If it is from an older version, an event reports that its head was created. */
  readonly isNew: boolean
}

/**
 * Seals the head of a log for the first time. Call it only in the transaction that created the table of the head: a head
 * that is empty later was emptied by somebody without the master key.
 */
export async function sealFirstHead(transaction: Transaction, { sealer, clock, isNew }: FirstHead): Promise<void> {
  const last = await readChain(transaction).lastBlock()
  if (!isNew) {
    const facts = { reason: 'no-head-before', sealedBlock: null, lastBlock: last?.number ?? 0 }
    await writeOwnEvent(transaction, clock, 'audit-log.begin-head', facts)
  }
  await writeHead(transaction, sealHead(sealer, last ?? noBlocks))
}

/** A change of the head of a log. */
export type HeadChange = {
  readonly reason: string
  /** Null if the sealed block is unknown. */
  readonly sealedBlock: number | null
  readonly lastBlock: number
}

/** Writes an event of the server about the head of its log. */
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
