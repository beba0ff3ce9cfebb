import { type Clock, isWaiting, machineClockOf } from '../../platform/process/clock.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import { type Database, type Transaction, together } from '../../platform/sql/database.ts'
import {
  type BlockContent,
  type Checkpoint,
  blockHash,
  encodeEntries,
  entrySeqs,
  noPreviousHash,
} from './chain-format.ts'
import type { EventValues } from '../log/event-columns.ts'
import { alterationAction, isHead, noBlocks, openHead, sealHead } from './chain-head.ts'
import { insertBlock, prepareEventValues, readChain, type SeqRange, writeHead } from './chain-store.ts'
import type { BlockRow } from './rows.ts'
import type { CredentialUses } from '../log/credential-uses.ts'
import { type HeadChange, writeOwnEvent } from './first-head.ts'

/** Adds written events to the chain of blocks, so that writing an event takes no more time. */
export interface AuditChain {
  /** Compares the sealed head with the last block, when the server starts. */
  begin(): Promise<void>
  /**
   * Adds all committed events that are not in the chain yet, and returns their number. Several servers can add events
   * at the same time: only one server adds each block.
   */
  extend(): Promise<number>
  /** The last block, and whether the server sealed this block as the last block. */
  state(): Promise<ChainState>
  /** Adds the remaining events, up to a few thousand, and stops. The next start continues from there. */
  close(): Promise<void>
}

/** The end of the chain. */
export type ChainState = {
  /** Undefined without blocks. */
  readonly last: (Checkpoint & { readonly madeAtMs: number }) | undefined
  readonly isSealed: boolean
}

/** Numbers that are not in the chain and may belong to an uncommitted event. */
type Gap = SeqRange & {
  /** When no transaction with a lower id runs, no event will be added here. */
  readonly horizon: number
}

/** The last known block of the chain, and the gaps in which events may still be added. */
type Position = {
  readonly number: number
  readonly hash: string
  readonly coversTo: number
  readonly gaps: readonly Gap[]
}

const start: Position = { number: 0, hash: noPreviousHash, coversTo: 0, gaps: [] }

/** The maximum number of events per block, so that reading the events delays no request. */
const maxBlockEvents = 250

/** How often the last block is compared with the sealed head if there are no new events. */
const compareEveryMs = 60_000

/** How the log differs from the sealed head. */
export type Alteration = HeadChange

/** The maximum number of blocks that are added on closing. */
const maxLastBlocks = 20

/** The dependencies of the chain. */
type AuditChainOptions = {
  readonly database: Database
  readonly clock: Clock
  /** Seals the last block, so that truncating the log unnoticed requires the master key. */
  readonly sealer: Sealer
  /** Called when the log does not end with the block that the server sealed as the last block. */
  readonly onAltered?: (found: Alteration) => void
  /** Receives the events of every block that this server adds. */
  readonly uses?: Pick<CredentialUses, 'noteEvents'>
}

/** Creates the chain. */
export function createAuditChain(options: AuditChainOptions): AuditChain {
  return new Chain(options)
}

class Chain implements AuditChain {
  readonly #options: AuditChainOptions
  readonly #chain: ReturnType<typeof readChain>
  readonly #valuesWithin: ReturnType<typeof prepareEventValues>
  #position: Position | undefined
  #extending: Promise<number> | undefined
  #blocksLeft = Infinity
  #comparedAtMs = -Infinity

  constructor(options: AuditChainOptions) {
    this.#options = options
    this.#chain = readChain(options.database)
    this.#valuesWithin = prepareEventValues(options.database)
  }

  async begin(): Promise<void> {
    await this.#compareWithHead()
  }

  extend(): Promise<number> {
    this.#extending ??= this.#extendToEnd().finally(() => {
      this.#extending = undefined
    })
    return this.#extending
  }

  async state(): Promise<ChainState> {
    const { last, seal } = await this.#chain.end()
    return { last, isSealed: isHead(openHead(this.#options.sealer, seal), last) }
  }

  async close(): Promise<void> {
    this.#blocksLeft = maxLastBlocks
    // A running extension may have read the events before the last one was committed.
    await this.#extending
    await this.extend()
    this.#blocksLeft = 0
  }

  /** Reads new blocks, which any server may have added. */
  async #catchUp(): Promise<Position> {
    let known = this.#position ?? (await this.#firstPosition())
    for (;;) {
      const blocks = await this.#chain.blocksAfter(known.number, 100)
      for (const block of blocks) known = behind(known, block)
      this.#position = known
      if (blocks.length === 0) return known
    }
  }

  /** The position to read from, so that a number that is added later is not missed. */
  async #firstPosition(): Promise<Position> {
    const last = await this.#chain.lastBlock()
    const first = last && (await this.#chain.lastBlockWithin(last.settled_to))
    if (first === undefined) return start
    return { number: first.number, hash: first.hash, coversTo: first.covers_to, gaps: [] }
  }

  /** Committed events that are in no block. */
  async #unchained({ coversTo, gaps }: Position): Promise<EventValues[]> {
    const found: EventValues[] = []
    for (const range of [...gaps, { from: coversTo + 1, to: Number.MAX_SAFE_INTEGER }]) {
      if (found.length < maxBlockEvents) found.push(...(await this.#valuesWithin(range, maxBlockEvents - found.length)))
    }
    return found
  }

  /**
   * Adds one block if there are events for the block. Returns the number of events; undefined if another server added
   * the block first.
   */
  async #addBlock(): Promise<number | undefined> {
    const before = await this.#catchUp()
    // Read before the events: all events of transactions that had ended by then are visible.
    const { oldestRunning } = await this.#chain.horizons()
    const events = await this.#unchained(before)
    if (events.length === 0) {
      if (!(await this.#compareWithHead())) return undefined
      this.#position = { ...before, gaps: before.gaps.filter(({ horizon }) => horizon > oldestRunning) }
      return 0
    }
    // This value is read after the events: at this time, every transaction with a lower number than the highest visible
    // number had begun.
    const { next } = await this.#chain.horizons()
    const entries = encodeEntries(events)
    const coversTo = Math.max(before.coversTo, ...events.map(([seq]) => seq))
    const gaps = gapsAfter(before, { entries, horizon: next, coversTo })
    // If not all events were read, a gap can contain an event of a transaction that has ended.
    const open = events.length < maxBlockEvents ? gaps.filter(({ horizon }) => horizon > oldestRunning) : gaps
    const content = {
      number: before.number + 1,
      madeAtMs: this.#options.clock.now(),
      settledTo: open.reduce((lowest, { from }) => Math.min(lowest, from - 1), coversTo),
      horizon: next,
      previousHash: before.hash,
      entries,
    }
    const block = toRow(content, coversTo, events)
    const outcome = await this.#options.database.transaction((transaction) => this.#addBehindHead(transaction, block))
    if (outcome === 'altered') await this.#restartAltered()
    if (outcome !== 'added') return undefined
    this.#position = { number: block.number, hash: block.hash, coversTo, gaps: unsettled(gaps, block) }
    this.#options.uses?.noteEvents(events)
    return events.length
  }

  /** Adds and seals a block. The previous block must be the last sealed block. */
  async #addBehindHead(transaction: Transaction, block: BlockRow): Promise<'added' | 'altered' | 'late'> {
    const { last, isWhole } = await this.#readHead(transaction)
    if (!isWhole) return 'altered'
    if ((last?.number ?? 0) !== block.number - 1) return 'late'
    await together(transaction, [
      () => insertBlock(transaction, block),
      () => writeHead(transaction, sealHead(this.#options.sealer, block)),
    ])
    return 'added'
  }

  async #readHead(transaction: Transaction) {
    const inside = readChain(transaction)
    const [last, seal] = await together(transaction, [() => inside.lastBlock(), () => inside.head()])
    const head = openHead(this.#options.sealer, seal)
    return { last, head, isWhole: isHead(head, last) }
  }

  /** Continues after the existing last block, and records in the log that this block is not the sealed block. */
  async #restartAltered(): Promise<void> {
    const found = await this.#options.database.transaction(async (transaction): Promise<Alteration | undefined> => {
      const { last, head, isWhole } = await this.#readHead(transaction)
      if (isWhole) return undefined
      const reason = typeof head === 'string' ? `head-${head}` : 'head-differs'
      const sealedBlock = typeof head === 'string' ? null : head.number
      const alteration = { reason, sealedBlock, lastBlock: last?.number ?? 0 }
      await writeOwnEvent(transaction, this.#options.clock, alterationAction, alteration)
      await writeHead(transaction, sealHead(this.#options.sealer, last ?? noBlocks))
      return alteration
    })
    this.#position = undefined
    if (found !== undefined) this.#options.onAltered?.(found)
  }

  /** Periodically compares the last block with the head. If they differ, the chain continues from the last block. */
  async #compareWithHead(): Promise<boolean> {
    const nowMs = machineClockOf(this.#options.clock).now()
    if (isWaiting(this.#comparedAtMs + compareEveryMs, nowMs, compareEveryMs)) return true
    this.#comparedAtMs = nowMs
    if ((await this.state()).isSealed) return true
    await this.#restartAltered()
    return false
  }

  async #extendToEnd(): Promise<number> {
    let count = 0
    for (; this.#blocksLeft > 0; this.#blocksLeft -= 1) {
      const added = await this.#addBlock()
      count += added ?? 0
      if (added !== undefined && added < maxBlockEvents) break
    }
    return count
  }
}

function toRow(content: BlockContent, coversTo: number, events: readonly EventValues[]): BlockRow {
  const times = events.map(([, atMs]) => atMs)
  return {
    number: content.number,
    made_at_ms: content.madeAtMs,
    previous_hash: content.previousHash,
    hash: blockHash(content),
    entries: content.entries,
    covers_to: coversTo,
    settled_to: content.settledTo,
    horizon: content.horizon,
    first_at_ms: Math.min(...times),
    last_at_ms: Math.max(...times),
  }
}

function behind(before: Position, block: BlockRow): Position {
  const { number, hash, entries, horizon, covers_to: coversTo } = block
  return { number, hash, coversTo, gaps: unsettled(gapsAfter(before, { entries, horizon, coversTo }), block) }
}

/** The gaps in the sequence numbers in which an event can still be recorded after a block. */
function unsettled(gaps: readonly Gap[], { settled_to: settledTo }: BlockRow): Gap[] {
  return gaps.filter(({ to }) => to > settledTo)
}

/** The gaps after a block: the remaining previous gaps, and the new gaps. */
function gapsAfter(
  before: Position,
  { entries, horizon, coversTo }: { readonly entries: Uint8Array; readonly horizon: number; readonly coversTo: number },
): Gap[] {
  const seqs = (entrySeqs(entries) ?? []).sort((one, other) => one - other)
  const own = coversTo > before.coversTo ? [{ from: before.coversTo + 1, to: coversTo, horizon }] : []
  return [...before.gaps, ...own].flatMap((gap) => withoutSeqs(gap, seqs))
}

function withoutSeqs(gap: Gap, seqs: readonly number[]): Gap[] {
  const left: Gap[] = []
  let { from } = gap
  for (const seq of seqs) {
    if (seq < from || seq > gap.to) continue
    if (seq > from) left.push({ ...gap, from, to: seq - 1 })
    from = seq + 1
  }
  if (from <= gap.to) left.push({ ...gap, from })
  return left
}
