import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Sealer } from '../../platform/keys/sealing.ts'
import {
  type ChainEntry,
  type Checkpoint,
  blockHash,
  eventHash,
  formatCheckpoint,
  noPreviousHash,
  parseEntries,
} from './chain-format.ts'
import { type ChainSource, readChain } from './chain-store.ts'
import type { BlockRow } from './rows.ts'
import { alterationAction, isHead, noBlocks, openHead } from './chain-head.ts'
import { removedBlock } from './chain-start.ts'
import type { AuditEventRow } from '../log/rows.ts'

/** A fault of an event, of a block, or of the whole chain. */
export type ChainFault = {
  readonly kind:
    | 'event-changed'
    | 'event-removed'
    /** The number was settled, and the event is in no block. */
    | 'event-inserted'
    | 'event-repeated'
    | 'block-missing'
    | 'block-changed'
    /** The previous hash in the block is not the hash of the previous block. */
    | 'block-unlinked'
    /** The blocks before the first one are missing, and no event reports the removal. */
    | 'start-missing'
    /** The row of the sealed head is missing, or has no seal. */
    | 'head-missing'
    /** The head was not sealed with this master key. */
    | 'head-forged'
    /** The chain ends before the block that was sealed as the last block. */
    | 'head-cut-off'
    /** The chain does not end with the block that was sealed as the last block. */
    | 'head-differs'
    /** The server found an altered log; the number is the number of the server's event. */
    | 'altered-before'
    /** The chain ends before the block that was expected. */
    | 'checkpoint-cut-off'
    | 'checkpoint-differs'
    /** The expected block has expired, so the block cannot be compared. */
    | 'checkpoint-expired'
  /** The number of the event or the block. */
  readonly number: number
}

/** The result of verifying the whole log. */
export type ChainReport = {
  /** The number of events in the chain. */
  readonly events: number
  readonly blocks: number
  /** The number of events at the end that are in no block yet. */
  readonly pending: number
  /** The last block, for the operator to save; undefined without blocks. */
  readonly checkpoint: Checkpoint | undefined
  readonly firstAtMs: number | undefined
  readonly lastAtMs: number | undefined
  /** The first thousand faults. */
  readonly faults: readonly ChainFault[]
  readonly faultCount: number
}

const maxFaults = 1000
const pageSize = 1000

/**
 * Verifies every block and every event of a log: each event is in the chain exactly once and unchanged, and each block
 * follows the previous one. All reads of the source must be in one transaction, so that all reads see the same events.
 */
export async function verifyChain(
  source: ChainSource,
  sealer: Sealer | undefined,
  expected?: Checkpoint,
): Promise<ChainReport> {
  const verification = new ChainVerification(source, sealer, expected)
  for (;;) {
    const blocks = await verification.chain.blocksAfter(verification.last?.number ?? 0, 100)
    if (blocks.length === 0) return verification.end()
    for (const block of blocks) {
      await verification.pass(block)
      // Other requests run between the parts, because a server can verify its own log.
      await nextTurn()
    }
  }
}

class ChainVerification {
  readonly chain: ReturnType<typeof readChain>
  last: BlockRow | undefined
  #sealer: Sealer | undefined
  #expected: Checkpoint | undefined
  /** The block before the first block, until an event that reports its removal is found. */
  #removed: Checkpoint | undefined
  #faults: ChainFault[] = []
  #faultCount = 0
  #events = 0
  #blocks = 0
  #firstAtMs: number | undefined
  /** The number up to which the events were read. An inserted event can have any number. */
  #readTo = Number.MIN_SAFE_INTEGER
  /** Events that were read and are in no block so far. */
  #unclaimed = new Map<number, AuditEventRow>()

  constructor(source: ChainSource, sealer: Sealer | undefined, expected: Checkpoint | undefined) {
    this.chain = readChain(source)
    this.#sealer = sealer
    this.#expected = expected
  }

  async pass(block: BlockRow): Promise<void> {
    this.#compareWithLast(block)
    const entries = parseEntries(block.entries) ?? []
    const seqs = entries.map(({ seq }) => seq)
    await this.#readUpTo(Math.max(...seqs, 0))
    const times = await this.#claimEvents(entries)
    const isWhole = times.length === seqs.length
    if (!isSound(block) || (isWhole && !matchesEvents(block, seqs, times, this.last?.covers_to ?? 0))) {
      this.#report('block-changed', block.number)
    }
    for (const seq of this.#unclaimed.keys()) {
      if (seq > block.settled_to) continue
      this.#report('event-inserted', seq)
      this.#unclaimed.delete(seq)
    }
    this.#blocks += 1
    this.#firstAtMs ??= block.first_at_ms
    this.last = block
  }

  /** Verifies the events of a block, and returns the times of the unchanged events. */
  async #claimEvents(entries: readonly ChainEntry[]): Promise<number[]> {
    const times: number[] = []
    for (const { seq, hash } of entries) {
      const event = this.#unclaimed.get(seq)
      this.#unclaimed.delete(seq)
      if (event === undefined) {
        await this.#reportMissing(seq)
        continue
      }
      this.#events += 1
      if (eventHash(event).equals(hash)) times.push(event.at_ms)
      else this.#report('event-changed', seq)
    }
    return times
  }

  async end(): Promise<ChainReport> {
    let pending = this.#unclaimed.size
    for (let after = this.#readTo; ;) {
      const events = await this.chain.eventsAfter(after, pageSize)
      const last = events.at(-1)
      if (last === undefined) break
      pending += events.length
      events.forEach((event) => this.#examine(event))
      after = last.seq
    }
    const { last } = this
    if (this.#removed !== undefined) this.#report('start-missing', this.#removed.number + 1)
    await this.#compareWithHead()
    if (this.#expected !== undefined && this.#expected.number > (last?.number ?? 0)) {
      this.#report('checkpoint-cut-off', this.#expected.number)
    }
    return {
      events: this.#events,
      blocks: this.#blocks,
      pending,
      checkpoint: last && { number: last.number, hash: last.hash },
      firstAtMs: this.#firstAtMs,
      lastAtMs: last?.last_at_ms,
      faults: this.#faults,
      faultCount: this.#faultCount,
    }
  }

  #compareWithLast(block: BlockRow): void {
    const { last } = this
    if (last === undefined) this.#compareWithStart(block)
    else if (block.number !== last.number + 1) this.#report('block-missing', last.number + 1)
    else if (block.previous_hash !== last.hash) this.#report('block-unlinked', block.number)
    if (this.#expected?.number === block.number && this.#expected.hash !== block.hash) {
      this.#report('checkpoint-differs', block.number)
    }
  }

  #compareWithStart({ number, previous_hash: previousHash }: BlockRow): void {
    if (number === 1) {
      if (previousHash !== noPreviousHash) this.#report('block-unlinked', 1)
    } else if (this.#sealer !== undefined) {
      this.#removed = { number: number - 1, hash: previousHash }
    }
    const expected = this.#expected
    if (expected === undefined || expected.number >= number) return
    if (expected.number < number - 1) this.#report('checkpoint-expired', expected.number)
    else if (expected.hash !== previousHash) this.#report('checkpoint-differs', expected.number)
  }

  async #readUpTo(seq: number): Promise<void> {
    while (this.#readTo < seq) {
      const events = await this.chain.eventsWithin({ from: this.#readTo + 1, to: seq }, pageSize)
      for (const event of events) {
        this.#unclaimed.set(event.seq, event)
        this.#examine(event)
      }
      this.#readTo = events.length < pageSize ? seq : (events.at(-1)?.seq ?? seq)
    }
  }

  async #compareWithHead(): Promise<void> {
    if (this.#sealer === undefined) return
    const head = openHead(this.#sealer, await this.chain.head())
    if (head === 'forged') this.#report('head-forged', 0)
    else if (typeof head === 'string') this.#report('head-missing', 0)
    else if (!isHead(head, this.last)) {
      const isCutOff = head.number > (this.last ?? noBlocks).number
      this.#report(isCutOff ? 'head-cut-off' : 'head-differs', head.number)
    }
  }

  #examine(event: AuditEventRow): void {
    if (event.action === alterationAction) this.#report('altered-before', event.seq)
    this.#examineForStart(event)
  }

  #examineForStart(event: AuditEventRow): void {
    if (this.#removed === undefined || this.#sealer === undefined) return
    if (removedBlock(this.#sealer, event) === formatCheckpoint(this.#removed)) this.#removed = undefined
  }

  async #reportMissing(seq: number): Promise<void> {
    const isThere = (await this.chain.eventsWithin({ from: seq, to: seq }, 1)).length > 0
    this.#report(isThere ? 'event-repeated' : 'event-removed', seq)
  }

  #report(kind: ChainFault['kind'], number: number): void {
    this.#faultCount += 1
    if (this.#faults.length < maxFaults) this.#faults.push({ kind, number })
  }
}

/** Whether the hash of a block matches the contents of the block. */
function isSound(block: BlockRow): boolean {
  const { number, made_at_ms: madeAtMs, settled_to: settledTo, horizon, previous_hash: previousHash, entries } = block
  return blockHash({ number, madeAtMs, settledTo, horizon, previousHash, entries }) === block.hash
}

/** Whether the search columns of a block match the events in the block. */
function matchesEvents(
  block: BlockRow,
  seqs: readonly number[],
  times: readonly number[],
  coveredBefore: number,
): boolean {
  return (
    block.covers_to === Math.max(coveredBefore, ...seqs) &&
    block.first_at_ms === Math.min(...times) &&
    block.last_at_ms === Math.max(...times)
  )
}
