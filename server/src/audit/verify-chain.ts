import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Sealer } from '../platform/keys/sealing.ts'
import { blockHash, eventHash, noPreviousHash, parseEntries } from './chain-format.ts'
import { type BlockRow, type ChainSource, readChain } from './chain-store.ts'
import { alterationAction, isHead, noBlocks, openHead } from './chain-head.ts'
import { removedBlock } from './chain-start.ts'
import { type Checkpoint, formatCheckpoint } from './checkpoint.ts'
import type { AuditEventRow } from './store.ts'

/** What is wrong with an event or a block of the chain, or with all of it. */
export type ChainFault = {
  readonly kind:
    | 'event-changed'
    | 'event-removed'
    /** It has a number that was settled, and no block has it. */
    | 'event-inserted'
    | 'event-repeated'
    | 'block-missing'
    | 'block-changed'
    /** It names another block as the one before it than the one that is there. */
    | 'block-unlinked'
    /** What was before the first block that is left is gone, and no event tells of it. */
    | 'start-missing'
    /** The row of the sealed head is missing, or has no seal. */
    | 'head-missing'
    /** The head was not sealed under this master key. */
    | 'head-forged'
    /** The chain ends before the block that was sealed as its last. */
    | 'head-cut-off'
    /** The chain does not end with the block that was sealed as its last. */
    | 'head-differs'
    /** The server itself found the log altered; the number is that of its event. */
    | 'altered-before'
    /** The chain ends before the block that was expected. */
    | 'checkpoint-cut-off'
    | 'checkpoint-differs'
    /** What was expected was removed when its time was over; of what was before the start nothing can be told. */
    | 'checkpoint-expired'
  /** Of the event or the block. */
  readonly number: number
}

/** What came of looking at the whole log. */
export type ChainReport = {
  /** How many events are in the chain. */
  readonly events: number
  readonly blocks: number
  /** How many events at the end are in no block yet. */
  readonly pending: number
  /** The last block, for the operator to keep; undefined where there is none. */
  readonly checkpoint: Checkpoint | undefined
  readonly firstAtMs: number | undefined
  readonly lastAtMs: number | undefined
  /** The first thousand of them. */
  readonly faults: readonly ChainFault[]
  readonly faultCount: number
}

const mostFaults = 1000
const pageSize = 1000

/**
 * Looks at every block and every event of a log: whether each event is in the chain exactly once and as it was written,
 * and each block behind the one that was before it. Read from one state of the database.
 */
export async function verifyChain(
  source: ChainSource,
  sealer: Sealer | undefined,
  expected?: Checkpoint,
): Promise<ChainReport> {
  const walk = new ChainWalk(source, sealer, expected)
  for (;;) {
    const blocks = await walk.chain.blocksAfter(walk.last?.number ?? 0, 100)
    if (blocks.length === 0) return walk.end()
    for (const block of blocks) {
      await walk.pass(block)
      // A server may verify its own log beside its requests.
      await nextTurn()
    }
  }
}

class ChainWalk {
  readonly chain: ReturnType<typeof readChain>
  last: BlockRow | undefined
  #sealer: Sealer | undefined
  #expected: Checkpoint | undefined
  /** The block before the first one, where that is not the first of all, until an event is found that tells of its removal. */
  #removed: Checkpoint | undefined
  #faults: ChainFault[] = []
  #faultCount = 0
  #events = 0
  #blocks = 0
  #firstAtMs: number | undefined
  /** The number up to which the events were read; an event that somebody slipped in may have any. */
  #readTo = Number.MIN_SAFE_INTEGER
  /** What was read and is in no block so far. */
  #unclaimed = new Map<number, AuditEventRow>()

  constructor(source: ChainSource, sealer: Sealer | undefined, expected: Checkpoint | undefined) {
    this.chain = readChain(source)
    this.#sealer = sealer
    this.#expected = expected
  }

  async pass(block: BlockRow): Promise<void> {
    this.#compareWithLast(block)
    const entries = parseEntries(block.entries)
    const seqs = entries?.map(({ seq }) => seq) ?? []
    await this.#readUpTo(Math.max(...seqs, 0))
    const times: number[] = []
    for (const { seq, hash } of entries ?? []) {
      const event = this.#unclaimed.get(seq)
      this.#unclaimed.delete(seq)
      if (event === undefined) await this.#tellMissing(seq)
      else if (eventHash(event).equals(hash)) times.push(event.at_ms)
      else this.#tell('event-changed', seq)
      if (event !== undefined) this.#events += 1
    }
    const isWhole = times.length === seqs.length
    if (!isSound(block) || (isWhole && !isAsTold(block, seqs, times, this.last?.covers_to ?? 0))) {
      this.#tell('block-changed', block.number)
    }
    for (const seq of this.#unclaimed.keys()) {
      if (seq > block.settled_to) continue
      this.#tell('event-inserted', seq)
      this.#unclaimed.delete(seq)
    }
    this.#blocks += 1
    this.#firstAtMs ??= block.first_at_ms
    this.last = block
  }

  async end(): Promise<ChainReport> {
    let pending = this.#unclaimed.size
    for (let after = this.#readTo; ;) {
      const events = await this.chain.eventsAfter(after, pageSize)
      const last = events.at(-1)
      if (last === undefined) break
      pending += events.length
      events.forEach((event) => this.#look(event))
      after = last.seq
    }
    const { last } = this
    if (this.#removed !== undefined) this.#tell('start-missing', this.#removed.number + 1)
    await this.#compareWithHead()
    if (this.#expected !== undefined && this.#expected.number > (last?.number ?? 0)) {
      this.#tell('checkpoint-cut-off', this.#expected.number)
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
    else if (block.number !== last.number + 1) this.#tell('block-missing', last.number + 1)
    else if (block.previous_hash !== last.hash) this.#tell('block-unlinked', block.number)
    if (this.#expected?.number === block.number && this.#expected.hash !== block.hash) {
      this.#tell('checkpoint-differs', block.number)
    }
  }

  #compareWithStart({ number, previous_hash: previousHash }: BlockRow): void {
    if (number === 1) {
      if (previousHash !== noPreviousHash) this.#tell('block-unlinked', 1)
    } else if (this.#sealer !== undefined) {
      this.#removed = { number: number - 1, hash: previousHash }
    }
    const expected = this.#expected
    if (expected === undefined || expected.number >= number) return
    if (expected.number < number - 1) this.#tell('checkpoint-expired', expected.number)
    else if (expected.hash !== previousHash) this.#tell('checkpoint-differs', expected.number)
  }

  async #readUpTo(seq: number): Promise<void> {
    while (this.#readTo < seq) {
      const events = await this.chain.eventsWithin({ from: this.#readTo + 1, to: seq }, pageSize)
      for (const event of events) {
        this.#unclaimed.set(event.seq, event)
        this.#look(event)
      }
      this.#readTo = events.length < pageSize ? seq : (events.at(-1)?.seq ?? seq)
    }
  }

  async #compareWithHead(): Promise<void> {
    if (this.#sealer === undefined) return
    const head = openHead(this.#sealer, await this.chain.head())
    if (head === 'forged') this.#tell('head-forged', 0)
    else if (typeof head === 'string') this.#tell('head-missing', 0)
    else if (!isHead(head, this.last)) {
      const isCutOff = head.number > (this.last ?? noBlocks).number
      this.#tell(isCutOff ? 'head-cut-off' : 'head-differs', head.number)
    }
  }

  #look(event: AuditEventRow): void {
    if (event.action === alterationAction) this.#tell('altered-before', event.seq)
    this.#lookForStart(event)
  }

  #lookForStart(event: AuditEventRow): void {
    if (this.#removed === undefined || this.#sealer === undefined) return
    if (removedBlock(this.#sealer, event) === formatCheckpoint(this.#removed)) this.#removed = undefined
  }

  async #tellMissing(seq: number): Promise<void> {
    const isThere = (await this.chain.eventsWithin({ from: seq, to: seq }, 1)).length > 0
    this.#tell(isThere ? 'event-repeated' : 'event-removed', seq)
  }

  #tell(kind: ChainFault['kind'], number: number): void {
    this.#faultCount += 1
    if (this.#faults.length < mostFaults) this.#faults.push({ kind, number })
  }
}

/** Whether the hash of a block is that of what it says. */
function isSound(block: BlockRow): boolean {
  const { number, made_at_ms: madeAtMs, settled_to: settledTo, horizon, previous_hash: previousHash, entries } = block
  return blockHash({ number, madeAtMs, settledTo, horizon, previousHash, entries }) === block.hash
}

/** Whether what a block says of its events, for those who look for one, is so. */
function isAsTold(block: BlockRow, seqs: readonly number[], times: readonly number[], coveredBefore: number): boolean {
  return (
    block.covers_to === Math.max(coveredBefore, ...seqs) &&
    block.first_at_ms === Math.min(...times) &&
    block.last_at_ms === Math.max(...times)
  )
}
