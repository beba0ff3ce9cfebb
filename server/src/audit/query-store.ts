import { type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { ChainSource, ChainTables } from './chain-store.ts'
import type { AuditEventRow } from './store.ts'

/** What the events that are looked for have; what is not named may be anything. */
export type EventFilter = {
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly action?: string | undefined
  readonly outcome?: string | undefined
  readonly actorId?: string | undefined
  readonly correlationId?: string | undefined
  /** The target is one of these or lies below one, in any case; several names of one thing. */
  readonly targets?: readonly string[] | undefined
}

/** The numbers among which events are looked for: above the one and below the other. */
export type SeqBounds = { readonly above: number; readonly below: number }

/** Reads the log for whoever looks for something in it. */
export function readEvents(source: ChainSource) {
  const tables = source.tables<ChainTables>()
  const matching = (filter: EventFilter, { above, below }: SeqBounds) =>
    tables
      .selectFrom('audit_event')
      .selectAll()
      .where('seq', '>', above)
      .where('seq', '<', below)
      .where((builder) => builder.and(termsOf(builder, filter)))
  return {
    newestFirst: (filter: EventFilter, bounds: SeqBounds, limit: number): Promise<AuditEventRow[]> =>
      matching(filter, bounds).orderBy('seq', 'desc').limit(limit).execute(),
    oldestFirst: (filter: EventFilter, bounds: SeqBounds, limit: number): Promise<AuditEventRow[]> =>
      matching(filter, bounds).orderBy('seq').limit(limit).execute(),
    firstSeq: async (): Promise<number | undefined> =>
      (await tables.selectFrom('audit_event').select('seq').orderBy('seq').limit(1).executeTakeFirst())?.seq,
    lastSeq: async (): Promise<number | undefined> =>
      (await tables.selectFrom('audit_event').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst())?.seq,
    firstBlock: () => tables.selectFrom('audit_block').select('number').orderBy('number').limit(1).executeTakeFirst(),
    lastBlock: () =>
      tables.selectFrom('audit_block').select('number').orderBy('number', 'desc').limit(1).executeTakeFirst(),
    blockTimes: (number: number) =>
      tables
        .selectFrom('audit_block')
        .select(['first_at_ms', 'last_at_ms', 'covers_to', 'settled_to'])
        .where('number', '=', number)
        .executeTakeFirst(),
  }
}

function termsOf(builder: ExpressionBuilder<ChainTables, 'audit_event'>, filter: EventFilter) {
  const { fromMs, toMs, action, outcome, actorId, correlationId, targets } = filter
  return [
    ...(fromMs === undefined ? [] : [builder('at_ms', '>=', fromMs)]),
    ...(toMs === undefined ? [] : [builder('at_ms', '<=', toMs)]),
    ...(action === undefined ? [] : [builder('action', '=', action)]),
    ...(outcome === undefined ? [] : [builder('outcome', '=', outcome)]),
    ...(actorId === undefined ? [] : [builder('actor_id', '=', actorId)]),
    ...(correlationId === undefined ? [] : [builder('correlation_id', '=', correlationId)]),
    ...(targets === undefined ? [] : [builder.or(targets.map(isAtOrBelow))]),
  ]
}

function isAtOrBelow(target: string) {
  const whole = target.toLowerCase()
  const below = `${whole}/`
  return sql<SqlBool>`(lower(target) = ${whole} or substr(lower(target), 1, ${sql.lit(below.length)}) = ${below})`
}
