import type { ChainSource } from '../chain/chain-store.ts'
import { type EventFilter, readEvents } from './search-store.ts'
import type { AuditEventRow } from '../log/rows.ts'

/** One page of events, newest first. */
export type EventPage = {
  readonly events: readonly AuditEventRow[]
  /** The start of the next page; undefined at the end. A page can be short or empty without being the last. */
  readonly next: number | undefined
}

/**
 * How many events one request examines: the key has the only index. Measured with 1,000,000 events, a page of a search
 * for an address that is not in the log takes 16 ms on SQLite and 85 ms on PostgreSQL; with an index of addresses, the
 * search takes less than 1 ms, but writing an event takes six times as long on SQLite.
 */
const maxExamined = 20_000

/** The assumed maximum difference between clocks, and delay of an event in the log. */
const hourMs = 60 * 60 * 1000

/**
 * The assumed maximum duration of a request: the events of a request can be this much later than the correlation id.
 */
const maxRequestMs = 24 * hourMs

/** The batch size. No other request is processed during a batch. */
const batchSize = 500

/** Runs a part of a search, so that the caller can run other requests between two parts. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>

/** The matching events, newest first, that are older than the event with the number `before`. */
export async function listEvents(
  source: ChainSource,
  filter: EventFilter,
  { before, size }: { readonly before: number | undefined; readonly size: number },
  inTurn: InTurn = (work) => work(),
): Promise<EventPage> {
  const read = readEvents(source)
  const bounds = await boundsOf(read, filter)
  const below = Math.min(bounds.below, before ?? Infinity)
  const above = Math.max(bounds.above, below - maxExamined)
  const events: AuditEventRow[] = []
  for (let top = below; top > above + 1 && events.length < size;) {
    const bottom = Math.max(above, top - batchSize - 1)
    const [low, high, wanted] = [bottom, top, size - events.length]
    events.push(...(await inTurn(() => read.newestFirst(filter, { above: low, below: high }, wanted))))
    top = bottom + 1
  }
  if (events.length === size) return { events, next: events.at(-1)?.seq }
  return { events, next: above > bounds.above ? above + 1 : undefined }
}

/** All matching events, oldest first, read in batches. */
export async function* allEvents(source: ChainSource, filter: EventFilter): AsyncGenerator<AuditEventRow> {
  const read = readEvents(source)
  const { above, below } = await boundsOf(read, filter)
  for (let after = above; ;) {
    const events = await read.oldestFirst(filter, { above: after, below }, 1000)
    yield* events
    const last = events.at(-1)
    if (last === undefined) return
    after = last.seq
  }
}

type Reader = ReturnType<typeof readEvents>

/** The range of the numbers of matching events, as far as the times of the filter limit it. */
async function boundsOf(
  read: Reader,
  filter: EventFilter,
): Promise<{ readonly above: number; readonly below: number }> {
  const [first, last] = await Promise.all([read.firstSeq(), read.lastSeq()])
  const whole = { above: (first ?? 0) - 1, below: (last ?? 0) + 1 }
  const { fromMs, toMs } = timesOf(filter)
  if (fromMs === undefined && toMs === undefined) return whole
  const [firstBlock, lastBlock] = await Promise.all([read.firstBlock(), read.lastBlock()])
  if (firstBlock === undefined || lastBlock === undefined) return whole
  const blocks = { from: firstBlock.number, to: lastBlock.number }
  return {
    above: (fromMs === undefined ? undefined : await lastBefore(read, blocks, fromMs)) ?? whole.above,
    below: toMs === undefined ? whole.below : await firstAfter(read, blocks, toMs, whole),
  }
}

type Blocks = { readonly from: number; readonly to: number }

/** The last number of the blocks before a time; undefined if there is no such block. */
async function lastBefore(read: Reader, blocks: Blocks, fromMs: number): Promise<number | undefined> {
  const block = await lastWhere(read, blocks, ({ last_at_ms: at }) => at < fromMs - hourMs)
  return block === 0 ? undefined : (await read.blockTimes(block))?.settled_to
}

/** The number after the blocks up to a time. Later events can be in no block yet. */
async function firstAfter(
  read: Reader,
  blocks: Blocks,
  toMs: number,
  whole: { readonly above: number; readonly below: number },
): Promise<number> {
  const block = await lastWhere(read, blocks, ({ first_at_ms: at }) => at <= toMs + hourMs)
  return block === blocks.to ? whole.below : ((await read.blockTimes(block))?.covers_to ?? whole.above) + 1
}

/**
 * The time in a correlation id, which is a UUID of version 7 in lower case. Undefined for other texts, which do not
 * limit a search to a part of the log. [RFC 9562 §5.7]
 */
export function timeOfId(id: string): number | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(id) ?? []
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16)
}

function timesOf({ fromMs, toMs, correlationId }: EventFilter): Pick<EventFilter, 'fromMs' | 'toMs'> {
  const madeAtMs = timeOfId(correlationId ?? '')
  if (madeAtMs === undefined) return { fromMs, toMs }
  return {
    fromMs: Math.max(fromMs ?? 0, madeAtMs),
    toMs: Math.min(toMs ?? Infinity, madeAtMs + maxRequestMs),
  }
}

type Block = NonNullable<Awaited<ReturnType<Reader['blockTimes']>>>

/**
 * The last block for which a monotonic condition is true, by bisection; the number before the first block if there is
 * no such block.
 */
async function lastWhere(read: Reader, { from, to }: Blocks, isTrue: (block: Block) => boolean): Promise<number> {
  let low = from - 1
  let high = to
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const block = await read.blockTimes(middle)
    if (block !== undefined && isTrue(block)) low = middle
    else high = middle - 1
  }
  return low
}
