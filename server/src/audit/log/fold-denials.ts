import { type Clock, isWaiting } from '../../platform/process/clock.ts'
import { type SenderBudget, createSenderBudget, networkOf } from '../../platform/limits/sender-budget.ts'
import { type Allowance, type Bucket, fullBucket, spend } from '../../platform/limits/token-bucket.ts'
import { cutText } from '@acrux/shared/standards/http/cut-text.ts'
import type { AuditEvent } from './model.ts'

/** Denials that were counted instead of written: how many, when the first and the last happened, and the last event. */
export type Folded = {
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  readonly latest: AuditEvent
}

/** The allowance of one actor, action and reason; for unauthenticated callers, the key also includes the network. */
const repetitions: Allowance = { burst: 200, perSecond: 0.1 }

/** The allowance of unauthenticated callers of one network, over all claimed names. */
const ofNetwork: Allowance = { burst: 1000, perSecond: 1 }

/** The events that report counts, for one source. */
const ofCounts: Allowance = { burst: 60, perSecond: 0.1 }

/** How long a count is collected before an event reports the count. */
const collectMs = 5_000

/** How long a count may wait for the allowance of its source before the count is merged with other waiting counts. */
const maxWaitMs = 10 * 60_000

/** The length of an actor's id that distinguishes kinds: claimed names can be long. */
const maxIdLength = 256

/** The maximum number of kinds of denials, per source and in total. */
const maxKindsOfSource = 4_000
const maxKinds = 20_000

type Count = { readonly source: Source; count: number; firstMs: number; lastMs: number; latest: AuditEvent }

type Kind = Count & { readonly key: string; readonly bucket: Bucket }

/** An authenticated principal, or a network of unauthenticated callers. */
type Source = {
  readonly key: string
  /** The least recently used first. */
  readonly kinds: Map<string, Kind>
  /** The allowance for the events that report the counts. */
  readonly counts: Bucket
  /** The merged count of the kinds that were dropped or waited too long. */
  several: Count | undefined
}

/**
 * Decides which denials are written as single events, and counts the others, so that denials cannot fill the disk.
 * Repetitions beyond an allowance are counted by actor, action and reason, so that many denials of one kind, or about
 * one name, do not hide other denials. To limit memory, the least recently used kinds are dropped, and the counts of
 * these kinds are merged.
 */
export class DenialFolder {
  readonly #clock: Clock
  readonly #networks: SenderBudget
  /** The least recently used first. Each source has at least one kind, so the limit of kinds bounds the sources. */
  readonly #sources = new Map<string, Source>()
  /** The counts of dropped sources. */
  readonly #droppedSources: Source
  readonly #pending = new Set<Count>()
  #kindCount = 0
  #lookedAtMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#networks = createSenderBudget(clock, ofNetwork)
    this.#lookedAtMs = clock.now()
    this.#droppedSources = newSource('', clock.now())
  }

  /** Returns whether to write an event as a single event; otherwise counts the event. */
  isAdmitted(event: AuditEvent): boolean {
    const nowMs = this.#clock.now()
    const kind = this.#kindOf(event, nowMs)
    const isWithin =
      spend(kind.bucket, repetitions, nowMs) &&
      (!isUnauthenticated(event) || this.#networks.spend(event.origin.remoteAddress))
    if (!isWithin) this.#add(kind, { count: 1, firstMs: nowMs, lastMs: nowMs, latest: withoutDetail(event) })
    return isWithin
  }

  /** Takes the due counts, or all counts with `isLast`. */
  takeDue(isLast = false): Folded[] {
    const nowMs = this.#clock.now()
    if (!isLast && isWaiting(this.#lookedAtMs + collectMs, nowMs, collectMs)) return []
    this.#lookedAtMs = nowMs
    const due: Folded[] = []
    const isOlder = ({ firstMs }: Count, ms: number) => isLast || !isWaiting(firstMs + ms, nowMs, ms)
    // The highest counts are reported first: in noise under many names, each name has a low count.
    for (const kind of [...this.#pending].toSorted((one, other) => other.count - one.count)) {
      if (kind === kind.source.several || !isOlder(kind, collectMs)) continue
      if (spend(kind.source.counts, ofCounts, nowMs)) due.push(this.#take(kind))
      else if (isOlder(kind, maxWaitMs)) this.#addToSeveral(kind.source, this.#take(kind))
    }
    // Not subject to the allowance: reported at most once every ten minutes per source.
    for (const count of this.#pending) {
      if (count !== count.source.several || !isOlder(count, collectMs)) continue
      if (spend(count.source.counts, ofCounts, nowMs) || isOlder(count, maxWaitMs)) due.push(this.#take(count))
    }
    return due
  }

  /** Restores a count that could not be written. */
  putBack(folded: Folded): void {
    this.#add(this.#kindOf(folded.latest, this.#clock.now()), folded)
  }

  #kindOf(event: AuditEvent, nowMs: number): Kind {
    const sourceKey = sourceKeyOf(event)
    const source = this.#sources.get(sourceKey) ?? newSource(sourceKey, nowMs)
    moveToEnd(this.#sources, sourceKey, source)
    const { actor, action, reason = '' } = event
    const key = `${actor.kind} ${cutText(actor.id, maxIdLength)} ${action} ${reason}`
    let kind = source.kinds.get(key)
    if (kind === undefined) {
      this.#makeRoom(source)
      kind = { source, key, bucket: fullBucket(repetitions, nowMs), ...nothing, latest: withoutDetail(event) }
      this.#kindCount += 1
    }
    moveToEnd(source.kinds, key, kind)
    return kind
  }

  /** Makes room for one more kind of the most recently used source. */
  #makeRoom(source: Source): void {
    if (source.kinds.size >= maxKindsOfSource) this.#drop(firstOf(source.kinds))
    if (this.#kindCount >= maxKinds) this.#drop(firstOf(firstOf(this.#sources)?.kinds))
  }

  #drop(kind: Kind | undefined): void {
    if (kind === undefined) return
    const { source, key } = kind
    source.kinds.delete(key)
    this.#kindCount -= 1
    if (this.#pending.has(kind)) this.#addToSeveral(source, this.#take(kind))
    if (source.kinds.size > 0) return
    this.#sources.delete(source.key)
    if (source.several !== undefined) this.#addToSeveral(this.#droppedSources, this.#take(source.several))
  }

  #addToSeveral(source: Source, folded: Folded): void {
    const { actor, ...event } = folded.latest
    const latest = { ...event, actor: { kind: actor.kind, id: '' }, target: '', reason: 'several' }
    source.several ??= { source, ...nothing, latest }
    this.#add(source.several, { ...folded, latest })
  }

  #add(count: Count, { count: more, firstMs, lastMs, latest }: Folded): void {
    count.firstMs = this.#pending.has(count) ? Math.min(count.firstMs, firstMs) : firstMs
    if (lastMs >= count.lastMs) Object.assign(count, { lastMs, latest })
    count.count += more
    this.#pending.add(count)
  }

  #take(count: Count): Folded {
    const { source, count: taken, firstMs, lastMs, latest } = count
    Object.assign(count, nothing)
    this.#pending.delete(count)
    if (source.several === count) source.several = undefined
    return { count: taken, firstMs, lastMs, latest }
  }
}

const nothing = { count: 0, firstMs: 0, lastMs: 0 }

/** Whether the caller was unauthenticated. */
function isUnauthenticated({ actor }: Pick<AuditEvent, 'actor'>): boolean {
  return actor.kind === 'anonymous' || actor.kind === 'claimed'
}

function sourceKeyOf(event: AuditEvent): string {
  const { actor, origin } = event
  return isUnauthenticated(event) ? networkOf(origin.remoteAddress) : `${actor.kind} ${actor.id}`
}

function newSource(key: string, nowMs: number): Source {
  return { key, kinds: new Map(), counts: fullBucket(ofCounts, nowMs), several: undefined }
}

function firstOf<Value>(map: ReadonlyMap<string, Value> | undefined): Value | undefined {
  return map?.values().next().value
}

function moveToEnd<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
}

/** The event that reports a count: the latest counted event, with the count. */
export function eventOf({ latest, count, firstMs, lastMs }: Folded): AuditEvent {
  const isoTime = (ms: number) => new Date(ms).toISOString()
  return { ...latest, detail: { folded: { count, first: isoTime(firstMs), last: isoTime(lastMs) } } }
}

/** Shortens an event that is kept with the count, to limit memory. */
function withoutDetail({ detail: _detail, ...event }: AuditEvent): AuditEvent {
  return {
    ...event,
    actor: { ...event.actor, id: cutText(event.actor.id, maxIdLength) },
    target: cutText(event.target, 512),
  }
}
