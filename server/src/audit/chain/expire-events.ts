import type { Clock } from '../../platform/process/clock.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { parseEntries } from './chain-format.ts'
import { readChain, removeBlocks } from './chain-store.ts'
import type { BlockRow } from './rows.ts'
import { expiryAction, signStart } from './chain-start.ts'
import type { Audit } from '../log/audit.ts'

type ExpiryOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly sealer: Sealer
  readonly audit: Audit
  /** 0 keeps events forever. */
  readonly retentionDays: number
}

const dayMs = 24 * 60 * 60 * 1000

/** The maximum number of blocks per transaction, so that the transaction does not delay requests. */
const maxBlocks = 20

/**
 * Removes the events that are older than the retention, by whole blocks, and returns their number. The last block
 * always stays. An event records each removal, with a seal of the new start of the log.
 */
export async function expireEvents(options: ExpiryOptions): Promise<number> {
  const { database, clock, retentionDays } = options
  if (retentionDays === 0) return 0
  const beforeMs = clock.now() - retentionDays * dayMs
  let count = 0
  for (;;) {
    const removed = await database.transaction((transaction) => expireSome(options, transaction, beforeMs))
    if (removed === 0) return count
    count += removed
  }
}

async function expireSome(
  { audit, clock, sealer }: ExpiryOptions,
  transaction: Transaction,
  beforeMs: number,
): Promise<number> {
  const chain = readChain(transaction)
  const last = await chain.lastBlock()
  const oldest = await chain.blocksAfter(0, maxBlocks)
  const firstKept = oldest.findIndex((block) => block.last_at_ms >= beforeMs || block.number === last?.number)
  const expired = firstKept < 0 ? oldest : oldest.slice(0, firstKept)
  const end = expired.at(-1)
  if (end === undefined) return 0
  const seqs = expired.map(seqsOf)
  await removeBlocks(transaction, end.number, seqs)
  const events = seqs.flat().length
  const detail = { events, before: new Date(beforeMs).toISOString(), ...signStart(sealer, end) }
  await audit.record(transaction, {
    action: expiryAction,
    outcome: 'success',
    actor: { kind: 'system', id: 'acrux' },
    target: 'audit-log',
    detail,
    origin: { correlationId: newTimeOrderedId(clock.now()), remoteAddress: '', userAgent: undefined },
  })
  return events
}

function seqsOf({ entries }: BlockRow): number[] {
  return (parseEntries(entries) ?? []).map(({ seq }) => seq)
}
