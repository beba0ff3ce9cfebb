import type { Clock } from '../../platform/process/clock.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { readChain } from '../chain/chain-store.ts'
import type { AuditEventRow } from '../log/rows.ts'
import { newWebhookSecret } from './webhook-signature.ts'
import { createWebhookStore } from './webhook-store.ts'
import type { WebhookRow } from './rows.ts'

/** The events that a webhook receives. Omitted properties match everything. */
export type WebhookFilter = {
  /** Actions, or prefixes of actions that end with `*`. */
  readonly actions?: readonly string[] | undefined
  readonly outcome?: 'success' | 'refused' | undefined
}

/** The settings of a webhook. */
export type WebhookSettings = { readonly url: string; readonly enabled: boolean; readonly filter: WebhookFilter }

/** An address to which events are delivered. */
export type Webhook = WebhookSettings & {
  readonly name: string
  readonly failures: number
  readonly nextAttemptMs: number
  readonly lastDeliveryMs: number | undefined
  readonly lastError: string | undefined
}

/** The maximum number of webhooks exists. */
export class TooManyWebhooksError extends Error {
  override readonly name = 'TooManyWebhooksError'
}

/** The maximum number of webhooks. */
export const maxWebhooks = 20

/** How long the previous secret still signs. */
const previousSecretMs = 24 * 60 * 60 * 1000

/** The webhooks of the audit log. */
export interface Webhooks {
  list(): Promise<Webhook[]>
  find(name: string): Promise<Webhook | undefined>
  /** Creates a webhook for future events and returns its secret once, or replaces its settings. @throws TooManyWebhooksError */
  put(
    transaction: Transaction,
    name: string,
    settings: WebhookSettings,
  ): Promise<{ readonly webhook: Webhook; readonly secret: string | undefined }>
  /**
   * Creates a new secret and returns the secret once. For a day, the previous secret also signs deliveries. Undefined
   * if the webhook does not exist.
   */
  rotateSecret(transaction: Transaction, name: string): Promise<string | undefined>
  delete(transaction: Transaction, name: string): Promise<boolean>
}

/** The sealing context of a secret. */
export function secretContext(name: string): string {
  return `audit-webhook ${name}`
}

/** Creates the webhooks. */
export function createWebhooks({
  database,
  clock,
  sealer,
}: {
  readonly database: Database
  readonly clock: Clock
  readonly sealer: Sealer
}): Webhooks {
  const store = createWebhookStore(database)
  return {
    list: async () => (await store.all()).map(toWebhook),
    find: async (name) => {
      const row = await store.find(undefined, name.toLowerCase())
      return row && toWebhook(row)
    },
    put: async (transaction, anyName, { url, enabled, filter }) => {
      const name = anyName.toLowerCase()
      const settings = { url, enabled: enabled ? 1 : 0, filter: JSON.stringify(filter) }
      const present = await store.find(transaction, name)
      if (present !== undefined) {
        // Failures at the previous address do not delay deliveries to the new address.
        const change = { ...settings, failures: 0, next_attempt_ms: 0, last_error: null }
        await store.update(transaction, name, change)
        return { webhook: toWebhook({ ...present, ...change }), secret: undefined }
      }
      if ((await store.count(transaction)) >= maxWebhooks) throw new TooManyWebhooksError()
      const secret = newWebhookSecret()
      const row: WebhookRow = {
        name,
        ...settings,
        ...(await startingNow(transaction)),
        sealed_secret: sealer.seal(secret, secretContext(name)),
        sealed_previous: null,
        previous_until_ms: 0,
        failures: 0,
        next_attempt_ms: 0,
        last_delivery_ms: null,
        last_error: null,
        claimed_until_ms: 0,
      }
      await store.insert(transaction, row)
      return { webhook: toWebhook(row), secret }
    },
    rotateSecret: async (transaction, anyName) => {
      const name = anyName.toLowerCase()
      const present = await store.find(transaction, name)
      if (present === undefined) return undefined
      const secret = newWebhookSecret()
      await store.update(transaction, name, {
        sealed_secret: sealer.seal(secret, secretContext(name)),
        sealed_previous: present.sealed_secret,
        previous_until_ms: clock.now() + previousSecretMs,
      })
      return secret
    },
    delete: (transaction, name) => store.delete(transaction, name.toLowerCase()),
  }
}

/** The start of a new webhook. The webhook does not receive written events that are not in a block yet. */
async function startingNow(transaction: Transaction) {
  const chain = readChain(transaction)
  const last = await chain.lastBlock()
  const settledTo = last?.settled_to ?? 0
  const { highest, missing } = await chain.numbersAfter(settledTo)
  return {
    block: (last?.number ?? 0) + 1,
    entry: 0,
    after_seq: highest ?? last?.covers_to ?? 0,
    awaited_seqs: JSON.stringify(missing),
  }
}

/** Whether an event was written after the webhook was created. */
export function isAfterStart(
  { after_seq: afterSeq, awaited_seqs: awaited }: Pick<WebhookRow, 'after_seq' | 'awaited_seqs'>,
  { seq }: AuditEventRow,
): boolean {
  return seq > afterSeq || (JSON.parse(awaited) as number[]).includes(seq)
}

/** Whether a filter matches an event. */
export function wants({ actions, outcome }: WebhookFilter, event: AuditEventRow): boolean {
  if (outcome !== undefined && outcome !== event.outcome) return false
  if (actions === undefined) return true
  return actions.some((action) =>
    action.endsWith('*') ? event.action.startsWith(action.slice(0, -1)) : event.action === action,
  )
}

function toWebhook(row: WebhookRow): Webhook {
  return {
    name: row.name,
    url: row.url,
    enabled: row.enabled === 1,
    filter: JSON.parse(row.filter),
    failures: row.failures,
    nextAttemptMs: row.next_attempt_ms,
    lastDeliveryMs: row.last_delivery_ms ?? undefined,
    lastError: row.last_error ?? undefined,
  }
}
