import { plainLine } from '@acrux/shared/standards/http/plain-text.ts'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Clock } from '../../platform/process/clock.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialUses } from './credential-uses.ts'
import { cutText } from '@acrux/shared/standards/http/cut-text.ts'
import { type Folded, DenialFolder, eventOf } from './fold-denials.ts'
import { insertEvents, prepareEventInsert } from './event-store.ts'
import type { NewAuditEventRow } from './rows.ts'
import type { AuditEvent, RecurringEvent, AuditActor, AuditCredential } from './model.ts'

type Waiting = {
  readonly row: NewAuditEventRow
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** The maximum number of events per transaction: 13 columns each, well below the limit of parameters of each database. */
const maxBatch = 500

/**
 * For how many turns of the event loop other requests can join a batch. Without other requests, the turns take no time.
 * With 64 callers on PostgreSQL, four turns cost a tenth less processor time for each token than one turn.
 */
const turnsOfBatch = 4

/** The maximum length of a text from outside, and of the details of one event. */
const maxTextLength = 512

const maxDetailLength = 8192

type AuditOptions = {
  readonly database: Database
  readonly clock: Clock
  /** Receives the uses of credentials that no event reports. */
  readonly uses?: Pick<CredentialUses, 'note'>
}

/** Maintenance of the log by the server. */
export type AuditUpkeep = {
  /** Writes the due counts of denials, or with `isLast` all counts, before the server stops. */
  readonly writeFolded: (isLast?: boolean) => Promise<void>
}

/** Creates the audit log for writing. */
export function createAudit({ database, clock, uses }: AuditOptions): Audit & AuditUpkeep {
  const insert = prepareEventInsert(database)
  let waiting: Waiting[] = []
  let flushing = false
  const folder = new DenialFolder(clock)

  /** Writes a row together with other waiting rows. */
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

  /**
   * Writes a count. If the write fails, for example because the disk is full, the count is kept for the next attempt.
   */
  async function writeCount(folded: Folded): Promise<void> {
    const event = eventOf(folded)
    try {
      await write(factsOf(event), event.origin)
    } catch (error) {
      folder.putBack(folded)
      throw error
    }
  }

  /** Writes waiting rows until no rows are waiting. */
  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      for (let turn = 0; turn < turnsOfBatch; turn += 1) await endOfTurn()
      const batch = waiting.slice(0, maxBatch)
      waiting = waiting.slice(maxBatch)
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

/** The columns of an event that do not depend on the time and the origin of the event. */
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

/** Printable ASCII without a backslash: JSON without escapes. */
const plainJson = /^[ -[\]-~]*$/

/**
 * Replaces characters that a database rejects, such as NUL in PostgreSQL: several events share a statement, so all
 * these events would fail.
 */
function plain(text: string): string {
  if (text.length <= maxTextLength && plainText.test(text)) return text
  return plainLine(cutText(text, maxTextLength))
}

function toDetail(detail: Readonly<Record<string, unknown>>): string {
  const unchanged = JSON.stringify(detail)
  // Texts without escapes, and shorter than the limit, would not be changed.
  if (unchanged.length <= maxTextLength && plainJson.test(unchanged)) return unchanged
  const text = JSON.stringify(detail, (_key, value: unknown) => (typeof value === 'string' ? plain(value) : value))
  return text.length <= maxDetailLength ? text : JSON.stringify({ omitted: 'too long' })
}

/** Records actions and their actors. */
export interface Audit {
  /** Writes an event in the transaction of the reported change, so that both are committed, or neither. */
  record(transaction: Transaction, event: AuditEvent): Promise<void>
  /**
   * Writes an event without a change, such as a sign-in, a token or a denial, and returns when the event is durable.
   * Waiting events share one flush. Denials cannot fill the disk: repetitions of one actor, action and reason beyond an
   * allowance are counted instead, and a separate event reports the count.
   */
  append(event: AuditEvent): Promise<void>
  /** Prepares an event. Each call of the returned function appends the event with the given origin. */
  prepare(event: RecurringEvent): (origin: Origin) => Promise<void>
  /** Records a use of a credential that no event reports. The use is not written to the database immediately. */
  noteUse(actor: AuditActor, credential: AuditCredential | undefined): void
}
