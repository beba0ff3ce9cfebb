import type { Clock } from '../platform/clock.ts'
import { createSenderBudget, networkOf } from '../platform/sender-budget.ts'
import type { AuditEvent } from './index.ts'

/** Refused events that were not written one by one: how many, and when the first and the last of them were. */
export type Folded = { readonly count: number; readonly first: string; readonly last: string }

/** Decides which refused events are written one by one, and counts the others. */
export type RefusalFolder = {
  /** Whether an event is written by itself; otherwise it was counted. */
  readonly isAdmitted: (event: AuditEvent) => boolean
  /** The counts that are due, each as an event; all of them with `isLast`. */
  readonly takeDue: (isLast?: boolean) => AuditEvent[]
}

/** What one source may cause: so much at once, and so much a second in the long run. */
type Allowance = { readonly burst: number; readonly perSecond: number }

/** Repetitions: the same actor, action and reason, and for strangers the same network. */
const repetitions: Allowance = { burst: 200, perSecond: 0.1 }

/** What strangers of one network cause, whatever names they claim. */
const ofNetwork: Allowance = { burst: 1000, perSecond: 1 }

/** Rows that tell counts, for one source. */
const ofCounts: Allowance = { burst: 60, perSecond: 0.1 }

/** How long a count is collected before it is told. */
const collectMs = 5_000

/** How long a source may have counts that its allowance for rows does not let it tell; then they become one. */
const longestMs = 10 * 60_000

/** Of an actor's id so much tells kinds apart: anybody may claim a long name. */
const longestId = 256

/** How many kinds of refusals are told apart, of one source and of all. */
const kindsOfSource = 4_000
const kindsOfAll = 20_000

type Bucket = { tokens: number; atMs: number }

type Kind = {
  readonly source: Source
  readonly bucket: Bucket
  count: number
  firstMs: number
  lastMs: number
  latest: AuditEvent
}

/** A principal that proved who it is, or a network of strangers. */
type Source = { readonly key: string; readonly kinds: Map<string, Kind>; readonly counts: Bucket }

/**
 * Makes a folder. Nobody fills the disk with refusals: each repetition beyond an allowance becomes part of a count, by
 * actor, action and reason, so that noise of one kind, or about one name, hides no other. Memory is bounded.
 */
export function createRefusalFolder(clock: Clock): RefusalFolder {
  const networks = createSenderBudget(clock, ofNetwork)
  const sources = new Map<string, Source>()
  const pending = new Set<Kind>()
  let kinds = 0
  let lookedAtMs = clock.now()

  function sourceOf(event: AuditEvent, nowMs: number): Source {
    const key = isStrangers(event) ? networkOf(event.origin.remoteAddress) : `${event.actor.kind} ${event.actor.id}`
    const known = sources.get(key)
    const source = known ?? { key, kinds: new Map<string, Kind>(), counts: { tokens: ofCounts.burst, atMs: nowMs } }
    // The one that was used last is the last to go.
    if (known !== undefined) sources.delete(key)
    sources.set(key, source)
    return source
  }

  function kindOf(event: AuditEvent, nowMs: number): Kind {
    const source = sourceOf(event, nowMs)
    const { actor, action, reason = '' } = event
    const key = `${actor.kind} ${actor.id.slice(0, longestId)} ${action} ${reason}`
    const known = source.kinds.get(key)
    if (known !== undefined) {
      source.kinds.delete(key)
      source.kinds.set(key, known)
      return known
    }
    if (source.kinds.size >= kindsOfSource) dropOldestKind(source)
    if (kinds >= kindsOfAll) dropOldestSource(source)
    const bucket = { tokens: repetitions.burst, atMs: nowMs }
    const made = { source, bucket, count: 0, firstMs: 0, lastMs: 0, latest: withoutDetail(event) }
    source.kinds.set(key, made)
    kinds += 1
    return made
  }

  function dropOldestKind(source: Source): void {
    for (const [key, kind] of source.kinds) {
      if (key === others) continue
      forget(source, key, kind)
      return
    }
  }

  function dropOldestSource(kept: Source): void {
    for (const source of sources.values()) {
      if (source === kept && sources.size > 1) continue
      dropOldestKind(source)
      if (source.kinds.size === 0) sources.delete(source.key)
      return
    }
  }

  /** What is forgotten of a kind is counted with all the others of its source. */
  function forget(source: Source, key: string, kind: Kind): void {
    source.kinds.delete(key)
    kinds -= 1
    if (pending.delete(kind)) mergeIntoOthers(kind)
  }

  function mergeIntoOthers({ source, count, firstMs, lastMs, latest }: Kind): void {
    const other = source.kinds.get(others) ?? {
      source,
      bucket: { tokens: 0, atMs: 0 },
      count: 0,
      firstMs,
      lastMs,
      latest: { ...latest, actor: { kind: latest.actor.kind, id: '' }, target: '', reason: 'several' },
    }
    if (!source.kinds.has(others)) kinds += 1
    source.kinds.set(others, other)
    if (!pending.has(other)) other.firstMs = firstMs
    other.count += count
    other.lastMs = Math.max(other.lastMs, lastMs)
    pending.add(other)
  }

  return {
    isAdmitted: (event) => {
      const nowMs = clock.now()
      const kind = kindOf(event, nowMs)
      const isWithin =
        spend(kind.bucket, repetitions, nowMs) && (!isStrangers(event) || networks.spend(event.origin.remoteAddress))
      if (isWithin) return true
      if (kind.count === 0) kind.firstMs = nowMs
      kind.count += 1
      kind.lastMs = nowMs
      kind.latest = withoutDetail(event)
      pending.add(kind)
      return false
    },
    takeDue: (isLast = false) => {
      if (pending.size === 0) return []
      const nowMs = clock.now()
      if (!isLast && nowMs - lookedAtMs < collectMs) return []
      lookedAtMs = nowMs
      const due = [...pending].filter(({ firstMs }) => isLast || nowMs - firstMs >= collectMs)
      // What was repeated most is told first: noise under many names is each of them once.
      const told = due
        .toSorted((one, other) => other.count - one.count)
        .filter((kind) => {
          if (spend(kind.source.counts, ofCounts, nowMs)) return true
          if (!isLast && nowMs - kind.firstMs < longestMs) return false
          // The row of all the others is told in any case: one for a source in ten minutes.
          if (kind.source.kinds.get(others) === kind) return true
          const copy = { ...kind }
          clear(kind, pending)
          mergeIntoOthers(copy)
          return false
        })
      const rest = isLast ? [...pending].filter((kind) => kind.source.kinds.get(others) === kind) : []
      return [...new Set([...told, ...rest])].map((kind) => {
        const { latest } = kind
        const detail = { folded: foldedOf(kind) }
        clear(kind, pending)
        return { ...latest, detail }
      })
    },
  }
}

/** The kind of what was forgotten or had no row of its own. */
const others = ''

/** Whether it was caused by somebody who proved nothing. */
export function isStrangers({ actor }: Pick<AuditEvent, 'actor'>): boolean {
  return actor.kind === 'anonymous' || actor.kind === 'claimed'
}

/** What is kept of an event for as long as its count is: nothing long. */
function withoutDetail({ detail: _detail, ...event }: AuditEvent): AuditEvent {
  return {
    ...event,
    actor: { ...event.actor, id: event.actor.id.slice(0, longestId) },
    target: event.target.slice(0, 512),
  }
}

function foldedOf({ count, firstMs, lastMs }: Kind): Folded {
  return { count, first: new Date(firstMs).toISOString(), last: new Date(lastMs).toISOString() }
}

function clear(kind: Kind, pending: Set<Kind>): void {
  kind.count = 0
  pending.delete(kind)
}

function spend(bucket: Bucket, { burst, perSecond }: Allowance, nowMs: number): boolean {
  bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond)
  bucket.atMs = nowMs
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}
