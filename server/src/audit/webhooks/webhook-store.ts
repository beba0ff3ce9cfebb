import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ChainTables } from '../chain/rows.ts'
import type { WebhookRow } from './rows.ts'

type Tables = ChainTables & { audit_webhook: WebhookRow }

/** The progress of the deliveries to a webhook. */
export type DeliveryProgress = Pick<
  WebhookRow,
  'block' | 'entry' | 'failures' | 'next_attempt_ms' | 'last_delivery_ms' | 'last_error' | 'claimed_until_ms'
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
    /** Claims a webhook if it is due; otherwise undefined, for example if another server has the claim. */
    claim: (name: string, isDue: (row: WebhookRow) => boolean, untilMs: number): Promise<WebhookRow | undefined> =>
      database.transaction(async (transaction) => {
        const row = await within(transaction)
          .selectFrom('audit_webhook')
          .selectAll()
          .where('name', '=', name)
          .executeTakeFirst()
        if (row === undefined || !isDue(row)) return undefined
        await within(transaction)
          .updateTable('audit_webhook')
          .set({ claimed_until_ms: untilMs })
          .where('name', '=', name)
          .execute()
        return row
      }),
    /** Saves the progress under a claim; false if the claim has been lost. */
    saveProgress: (name: string, claimedUntilMs: number, progress: DeliveryProgress): Promise<boolean> =>
      database.transaction(async (transaction) => {
        const { numUpdatedRows } = await within(transaction)
          .updateTable('audit_webhook')
          .set(progress)
          .where('name', '=', name)
          .where('claimed_until_ms', '=', claimedUntilMs)
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
