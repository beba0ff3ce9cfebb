import { type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { ChainSource } from '../chain/chain-store.ts'
import type { ChainTables } from '../chain/rows.ts'
import type { AuditActor } from '../log/model.ts'
import type { AuditEventRow } from '../log/rows.ts'

/** A filter of events. Omitted properties match everything. */
export type EventFilter = {
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  /** One or more actions. */
  readonly action?: string | readonly string[] | undefined
  readonly outcome?: string | undefined
  readonly actorId?: string | undefined
  /** The kind of the actor. An id of the kind `claimed` comes from an unauthenticated client. */
  readonly actorKind?: AuditActor['kind'] | undefined
  readonly correlationId?: string | undefined
  /** The recorded address of the request's sender. */
  readonly remoteAddress?: string | undefined
  /**
   * The target is one of these names or below one of these names, case-insensitively. All names identify one resource.
   */
  readonly targets?: readonly string[] | undefined
}

/** A range of event numbers, without the two ends. */
export type SeqBounds = { readonly above: number; readonly below: number }

/** The SQL of searches. */
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
  const { fromMs, toMs, action, outcome, actorId, actorKind, correlationId, remoteAddress, targets } = filter
  return [
    ...(fromMs === undefined ? [] : [builder('at_ms', '>=', fromMs)]),
    ...(toMs === undefined ? [] : [builder('at_ms', '<=', toMs)]),
    ...(action === undefined ? [] : [builder('action', 'in', [action].flat())]),
    ...(outcome === undefined ? [] : [builder('outcome', '=', outcome)]),
    ...(actorId === undefined ? [] : [builder('actor_id', '=', actorId)]),
    ...(actorKind === undefined ? [] : [builder('actor_kind', '=', actorKind)]),
    ...(correlationId === undefined ? [] : [builder('correlation_id', '=', correlationId)]),
    ...(remoteAddress === undefined ? [] : [builder('remote_address', '=', remoteAddress)]),
    ...(targets === undefined ? [] : [builder.or(targets.map(isAtOrBelow))]),
  ]
}

function isAtOrBelow(target: string) {
  const whole = target.toLowerCase()
  const below = `${whole}/`
  return sql<SqlBool>`(lower(target) = ${whole} or substr(lower(target), 1, ${sql.lit(below.length)}) = ${below})`
}
