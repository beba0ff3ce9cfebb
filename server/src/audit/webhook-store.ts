import type { Database, Transaction } from '../platform/sql/database.ts'
import type { ChainTables } from './chain-store.ts'

/** An address to which events are delivered, and how far that has come. */
export type WebhookRow = {
  /** In lower case. */
  readonly name: string
  readonly url: string
  /** 0 or 1. */
  readonly enabled: number
  /** JSON text. */
  readonly filter: string
  readonly sealed_secret: Uint8Array
  /** What the secret was before, and until when it signs too. */
  readonly sealed_previous: Uint8Array | null
  readonly previous_until_ms: number
  /** The highest number of an event that was there when it was made: it gets none up to there, */
  readonly after_seq: number
  /** but those that were not there, as JSON text: on PostgreSQL an event may come later than one of a higher number. */
  readonly awaited_seqs: string
  /** The block, and the place in it, of the next event to be delivered. */
  readonly block: number
  readonly entry: number
  /** How many deliveries failed one after the other. */
  readonly failures: number
  readonly next_attempt_ms: number
  readonly last_delivery_ms: number | null
  readonly last_error: string | null
  /** Until when a server has it for itself. */
  readonly leased_until_ms: number
}

type Tables = ChainTables & { audit_webhook: WebhookRow }

/** How far the deliveries to a webhook have come. */
export type Progress = Pick<
  WebhookRow,
  'block' | 'entry' | 'failures' | 'next_attempt_ms' | 'last_delivery_ms' | 'last_error' | 'leased_until_ms'
>

/** The SQL of the webhooks. */
export function createWebhookStore(database: Database) {
  const read = () => database.tables<Tables>()
  const within = (transaction: Transaction) => transaction.tables<Tables>()
  return {
    all: (): Promise<WebhookRow[]> => read().selectFrom('audit_webhook').selectAll().orderBy('name').execute(),
    find: (source: Transaction | undefined, name: string): Promise<WebhookRow | undefined> =>
      (source === undefined ? read() : within(source))
        .selectFrom('audit_webhook')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirst(),
    count: async (transaction: Transaction): Promise<number> => {
      const row = await within(transaction)
        .selectFrom('audit_webhook')
        .select((builder) => builder.fn.count<number>('name').as('webhooks'))
        .executeTakeFirst()
      return row?.webhooks ?? 0
    },
    insert: (transaction: Transaction, row: WebhookRow) =>
      within(transaction).insertInto('audit_webhook').values(row).execute(),
    update: (transaction: Transaction, name: string, change: Partial<WebhookRow>) =>
      within(transaction).updateTable('audit_webhook').set(change).where('name', '=', name).execute(),
    delete: async (transaction: Transaction, name: string): Promise<boolean> => {
      const { numDeletedRows } = await within(transaction)
        .deleteFrom('audit_webhook')
        .where('name', '=', name)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
    /** Takes a webhook that is due for oneself, and gives it as it is then; undefined when another server has it. */
    lease: (name: string, nowMs: number, untilMs: number): Promise<WebhookRow | undefined> =>
      database.transaction(async (transaction) => {
        const row = await within(transaction)
          .selectFrom('audit_webhook')
          .selectAll()
          .where('name', '=', name)
          .where('enabled', '=', 1)
          .where('next_attempt_ms', '<=', nowMs)
          .where('leased_until_ms', '<=', nowMs)
          .executeTakeFirst()
        if (row === undefined) return undefined
        await within(transaction)
          .updateTable('audit_webhook')
          .set({ leased_until_ms: untilMs })
          .where('name', '=', name)
          .execute()
        return row
      }),
    /** Keeps how far the holder of a lease has come; false when the lease is not its own any more. */
    keep: (name: string, leasedUntilMs: number, progress: Progress): Promise<boolean> =>
      database.transaction(async (transaction) => {
        const { numUpdatedRows } = await within(transaction)
          .updateTable('audit_webhook')
          .set(progress)
          .where('name', '=', name)
          .where('leased_until_ms', '=', leasedUntilMs)
          .executeTakeFirst()
        return numUpdatedRows > 0n
      }),
    /** The events of the log with these numbers. */
    events: (seqs: readonly number[]) =>
      read()
        .selectFrom('audit_event')
        .selectAll()
        .where('seq', 'in', [...seqs])
        .execute(),
  }
}
