import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Clock } from '../platform/process/clock.ts'
import type { Origin } from '../platform/http/app.ts'
import type { Database } from '../platform/sql/database.ts'
import type { CredentialUses } from './credential-uses.ts'
import { type Folded, RefusalFolder, eventOf } from './fold-refusals.ts'
import { type NewAuditEventRow, insertEvents, prepareEventInsert } from './store.ts'
import type { Audit, AuditEvent, RecurringEvent } from './model.ts'

type Waiting = {
  readonly row: NewAuditEventRow
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** How many events one transaction may carry: 13 columns each, well under every database's limit of parameters. */
const batchLimit = 500

/** How long a text of somebody else's choosing may be, and how long all the facts of one event together. */
const textLimit = 512
const detailLimit = 8192

type AuditOptions = {
  readonly database: Database
  readonly clock: Clock
  /** Is told of the use of credentials that no event tells of. */
  readonly uses?: Pick<CredentialUses, 'note'>
}

/** The tasks of the server on the log, apart from writing events. */
export type AuditUpkeep = {
  /** Writes the counts of denials that are due, or all of them with `isLast`, before the server stops. */
  readonly writeFolded: (isLast?: boolean) => Promise<void>
}

/** Opens the audit room. */
export function createAudit({ database, clock, uses }: AuditOptions): Audit & AuditUpkeep {
  const insert = prepareEventInsert(database)
  let waiting: Waiting[] = []
  let flushing = false
  const folder = new RefusalFolder(clock)

  /** Writes a row, together with what else waits. */
  function write(facts: EventFacts, origin: Origin): Promise<void> {
    const row = toRow(facts, origin, clock.now())
    return new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject })
      if (flushing) return
      flushing = true
      void flush()
    })
  }

  function append(event: AuditEvent): Promise<void> {
    const isFolded = event.outcome === 'refused' && !folder.isAdmitted(event)
    return isFolded ? Promise.resolve() : write(factsOf(event), event.origin)
  }

  /** Writes a count. One that cannot be written, such as on a full disk, is kept for the next time. */
  async function writeCount(folded: Folded): Promise<void> {
    const event = eventOf(folded)
    try {
      await write(factsOf(event), event.origin)
    } catch (error) {
      folder.putBack(folded)
      throw error
    }
  }

  /** Writes all that waits, as long as something does. */
  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      // What else the event loop has at hand comes along; where there is nothing, this takes no time.
      await endOfTurn()
      const batch = waiting.slice(0, batchLimit)
      waiting = waiting.slice(batchLimit)
      try {
        await insert(batch.map(({ row }) => row))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    flushing = false
  }

  return {
    noteUse: (actor, credential) => uses?.note(actor, credential),
    record: (transaction, event) => insertEvents(transaction, [toRow(factsOf(event), event.origin, clock.now())]),
    append,
    writeFolded: async (isLast) => {
      await Promise.all(folder.takeDue(isLast).map(writeCount))
    },
    prepare: (event) => {
      if (event.outcome === 'refused') return (origin) => append({ ...event, origin })
      const facts = factsOf(event)
      return (origin) => write(facts, origin)
    },
  }
}

/** What is the same of an event whenever it happens. */
type EventFacts = Omit<NewAuditEventRow, 'at_ms' | 'correlation_id' | 'remote_address' | 'user_agent'>

function factsOf({ action, outcome, actor, credential, target, reason, detail }: RecurringEvent): EventFacts {
  return {
    action,
    outcome,
    actor_kind: actor.kind,
    actor_id: plain(actor.id),
    target: plain(target),
    reason: reason === undefined ? null : plain(reason),
    detail: detail === undefined ? null : toDetail(detail),
    credential_kind: credential?.kind ?? null,
    credential_id: credential?.id === undefined ? null : plain(credential.id),
  }
}

function toRow(facts: EventFacts, { correlationId, remoteAddress, userAgent }: Origin, atMs: number): NewAuditEventRow {
  return {
    ...facts,
    at_ms: atMs,
    correlation_id: plain(correlationId),
    remote_address: plain(remoteAddress),
    user_agent: userAgent === undefined ? null : plain(userAgent),
  }
}

/** Printable ASCII, as nearly every text is. */
const plainText = /^[ -~]*$/

/** The same without a backslash: JSON in which nothing had to be escaped. */
const plainJson = /^[ -[\]-~]*$/

/** Events share a statement: text that a database refuses, such as PostgreSQL a NUL, would take others' events with it. */
function plain(text: string): string {
  if (text.length <= textLimit && plainText.test(text)) return text
  return text
    .slice(0, textLimit)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '\ufffd')
}

function toDetail(detail: Readonly<Record<string, unknown>>): string {
  const unchanged = JSON.stringify(detail)
  // So short, and without an escape, it holds no text that would be changed.
  if (unchanged.length <= textLimit && plainJson.test(unchanged)) return unchanged
  const text = JSON.stringify(detail, (_key, value: unknown) => (typeof value === 'string' ? plain(value) : value))
  return text.length <= detailLimit ? text : JSON.stringify({ omitted: 'too long' })
}
