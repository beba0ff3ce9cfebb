import { type Clock, isWaiting, machineClockOf } from '../../platform/process/clock.ts'
import type { Outbound } from '../../platform/outbound/outbound.ts'
import { OutboundError } from '../../platform/outbound/outbound-error.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import { databaseTimeMs } from '../../platform/sql/database-time.ts'
import type { Database } from '../../platform/sql/database.ts'
import { parseEntries } from '../chain/chain-format.ts'
import { readChain } from '../chain/chain-store.ts'
import type { BlockRow } from '../chain/rows.ts'
import { cloudEvent, cloudEventType } from './cloud-event.ts'
import type { AuditEventRow } from '../log/rows.ts'
import { signatureHeaders } from './webhook-signature.ts'
import { type DeliveryProgress, createWebhookStore } from './webhook-store.ts'
import type { WebhookRow } from './rows.ts'
import { type WebhookFilter, isAfterStart, secretContext, wants } from './webhooks.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

type DeliveryOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly sealer: Sealer
  readonly outbound: Pick<Outbound, 'post'>
  readonly publicOrigin: PublicOrigin
  /** The time for comparing claims. Default: the time of the database, which is the same for all servers. */
  readonly claimTimeMs?: () => Promise<number>
}

/** The delivery of events to webhooks. */
export interface Delivery {
  /** One round: delivers the available events to every webhook that is due. */
  deliver(): Promise<void>
  /** Ends a running round soon, and prevents further rounds. */
  stop(): void
}

/** The duration of a claim, which is longer than a round. After a crash, other servers wait for this time. */
const claimMs = 60_000

/** The maximum duration of a round. */
const roundMs = 20_000

const firstWaitMs = 1000
const maxWaitMs = 10 * 60 * 1000

const noFailures = { failures: 0, next_attempt_ms: 0, last_error: null }

/**
 * Delivers the events of the chain to every webhook that is due, in the order of the chain and at least once. A failed
 * delivery is retried with growing delays of up to ten minutes, and blocks the later events.
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  return new WebhookDelivery(options)
}

class WebhookDelivery implements Delivery {
  readonly #options: DeliveryOptions
  readonly #stopping = new AbortController()
  readonly #store: ReturnType<typeof createWebhookStore>
  readonly #chain: ReturnType<typeof readChain>

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#store = createWebhookStore(options.database)
    this.#chain = readChain(options.database)
  }

  stop(): void {
    this.#stopping.abort()
  }

  async deliver(): Promise<void> {
    if (this.#stopping.signal.aborted) return
    const head = (await this.#chain.lastBlock())?.number ?? 0
    const now = await this.#now()
    const due = (await this.#store.all()).filter((webhook) => webhook.block <= head && isDue(webhook, now))
    await Promise.all(due.map(({ name }) => this.#deliverTo(name)))
  }

  async #now(): Promise<Now> {
    const { clock, database, claimTimeMs } = this.#options
    const nowMs = clock.now()
    if (claimTimeMs !== undefined) return { nowMs, claimsMs: await claimTimeMs() }
    return {
      nowMs,
      claimsMs: database.kind === 'postgres' ? await databaseTimeMs(database) : machineClockOf(clock).now(),
    }
  }

  async #deliverTo(name: string): Promise<void> {
    const now = await this.#now()
    const endMs = performance.now() + roundMs
    const isOver = () => this.#stopping.signal.aborted || performance.now() >= endMs
    const claimedUntilMs = now.claimsMs + claimMs
    const webhook = await this.#store.claim(name, (row) => isDue(row, now), claimedUntilMs)
    if (webhook === undefined) return
    let progress: DeliveryProgress = webhook
    try {
      while (!isOver()) {
        const next = await this.#passBlock(webhook, progress, isOver)
        if (next === undefined) break
        progress = next
        if (progress.failures > 0) break
      }
    } finally {
      // Saved once per round: after a crash, the events of the round are delivered again.
      await this.#store.saveProgress(name, claimedUntilMs, { ...progressOf(progress), claimed_until_ms: 0 })
    }
  }

  /** Delivers the rest of a block and returns the progress; undefined if the block does not exist yet. */
  async #passBlock(
    webhook: WebhookRow,
    before: DeliveryProgress,
    isOver: () => boolean,
  ): Promise<DeliveryProgress | undefined> {
    // The next existing block: expired blocks are removed, delivered or not.
    const [block] = await this.#chain.blocksAfter(before.block - 1, 1)
    if (block === undefined) return undefined
    const wanted = await this.#wantedEvents(webhook, block, block.number === before.block ? before.entry : 0)
    let progress = before
    // Events are delivered one at a time, so that a receiver gets each event after the previous event.
    for (const { event, entry } of wanted) {
      progress = { ...progress, block: block.number, entry }
      if (isOver()) return progress
      const error = await this.#send(webhook, event)
      if (error !== undefined) return this.#afterFailure(progress, error)
      progress = { ...progress, ...noFailures, last_delivery_ms: this.#options.clock.now() }
    }
    return { ...progress, ...noFailures, block: block.number + 1, entry: 0 }
  }

  /** The events of a block, from an entry on, that the webhook receives. */
  async #wantedEvents(webhook: WebhookRow, { entries }: BlockRow, first: number) {
    const seqs = (parseEntries(entries) ?? []).map(({ seq }) => seq)
    const events = new Map((await this.#store.events(seqs.slice(first))).map((event) => [event.seq, event]))
    const filter: WebhookFilter = JSON.parse(webhook.filter)
    return seqs.flatMap((seq, entry) => {
      const event = entry < first ? undefined : events.get(seq)
      return event !== undefined && isAfterStart(webhook, event) && wants(filter, event) ? [{ event, entry }] : []
    })
  }

  #afterFailure(progress: DeliveryProgress, error: string): DeliveryProgress {
    const failures = progress.failures + 1
    const waitMs = Math.min(maxWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 20))
    // Half of the wait is random, so that servers do not retry at the same time.
    const nextMs = this.#options.clock.now() + Math.ceil(waitMs * (0.5 + Math.random() / 2))
    return { ...progress, failures, next_attempt_ms: nextMs, last_error: error }
  }

  /** Sends an event. Returns the reason of a failure. */
  async #send(webhook: WebhookRow, event: AuditEventRow): Promise<string | undefined> {
    const body = cloudEvent(event, this.#options.publicOrigin)
    // The receiver compares this time with its own clock.
    const timestampSeconds = Math.floor(machineClockOf(this.#options.clock).now() / 1000)
    const signature = signatureHeaders({ id: String(event.seq), timestampSeconds, body }, this.#secretsOf(webhook))
    try {
      await this.#options.outbound.post(webhook.url, {
        headers: { 'content-type': cloudEventType, ...signature },
        body,
      })
      return undefined
    } catch (error) {
      if (error instanceof OutboundError) return error.message
      throw error
    }
  }

  #secretsOf({ name, sealed_secret: secret, sealed_previous: previous, previous_until_ms }: WebhookRow) {
    const sealed = previous !== null && this.#options.clock.now() < previous_until_ms ? [secret, previous] : [secret]
    return sealed.map((value) => this.#options.sealer.open(value, secretContext(name)).toString())
  }
}

/** The time of this server, and the time of claims: several servers compare the clock of their database. */
type Now = { readonly nowMs: number; readonly claimsMs: number }

/** Whether a webhook is enabled and not claimed, and the next attempt is due. */
function isDue(webhook: WebhookRow, { nowMs, claimsMs }: Now): boolean {
  const isDelayed = isWaiting(webhook.next_attempt_ms, nowMs, maxWaitMs)
  return webhook.enabled === 1 && !isDelayed && !isWaiting(webhook.claimed_until_ms, claimsMs, claimMs)
}

function progressOf({
  block,
  entry,
  failures,
  next_attempt_ms,
  last_delivery_ms,
  last_error,
  claimed_until_ms,
}: DeliveryProgress) {
  return { block, entry, failures, next_attempt_ms, last_delivery_ms, last_error, claimed_until_ms }
}
