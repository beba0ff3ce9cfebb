import type { Clock } from '../platform/process/clock.ts'
import type { Outbound } from '../platform/outbound/outbound.ts'
import { OutboundError } from '../platform/outbound/outbound-error.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Database } from '../platform/sql/database.ts'
import { parseEntries } from './chain-format.ts'
import { readChain } from './chain-store.ts'
import { cloudEvent, cloudEventType } from './cloud-event.ts'
import type { AuditEventRow } from './store.ts'
import { signatureHeaders } from './webhook-signature.ts'
import { type Progress, type WebhookRow, createWebhookStore } from './webhook-store.ts'
import { type WebhookFilter, isAfterStart, secretContext, wants } from './webhooks.ts'

type DeliveryOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly sealer: Sealer
  readonly outbound: Pick<Outbound, 'post'>
  readonly publicOrigin: string
}

/** Delivers the log. */
export type Delivery = {
  /** One round: what is there for every webhook that is due. */
  readonly deliver: () => Promise<void>
  /** Has a round that is under way end soon, and no other begin. */
  readonly stop: () => void
}

/** How many deliveries are on their way to one webhook at a time. */
const mostAtATime = 4

/** How long a server has a webhook for itself: longer than a round takes, and than one that was killed is waited for. */
const leaseMs = 60_000

/** When a round ends although there is more. */
const roundMs = 20_000

const firstWaitMs = 1000
const longestWaitMs = 10 * 60 * 1000

/**
 * Delivers the events of the chain to every webhook that is due, in the order of the chain and at least once each. What is
 * not taken is tried again later, and later each time, up to ten minutes; nothing behind it is delivered before.
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { database, clock } = options
  const stopping = new AbortController()
  const store = createWebhookStore(database)
  const chain = readChain(database)

  async function deliverTo(name: string): Promise<void> {
    const startMs = clock.now()
    const leasedUntilMs = startMs + leaseMs
    const webhook = await store.lease(name, startMs, leasedUntilMs)
    if (webhook === undefined) return
    let progress: Progress = webhook
    try {
      while (!stopping.signal.aborted && clock.now() < startMs + roundMs) {
        const next = await passBlock(webhook, progress)
        if (next === undefined) break
        progress = next
        if (progress.failures > 0) break
      }
    } finally {
      // Written once a round: after a kill, what was delivered in it is delivered again.
      await store.keep(name, leasedUntilMs, { ...progressOf(progress), leased_until_ms: 0 })
    }
  }

  /** Delivers what is left of a block, and gives how far that came; undefined when there is no such block yet. */
  async function passBlock(webhook: WebhookRow, progress: Progress): Promise<Progress | undefined> {
    // The next that is there: blocks whose time is over are gone, delivered or not.
    const [block] = await chain.blocksAfter(progress.block - 1, 1)
    if (block === undefined) return undefined
    const seqs = (parseEntries(block.entries) ?? []).map(({ seq }) => seq)
    const first = block.number === progress.block ? progress.entry : 0
    const events = new Map((await store.events(seqs.slice(first))).map((event) => [event.seq, event]))
    const filter: WebhookFilter = JSON.parse(webhook.filter)
    const wanted = seqs.flatMap((seq, entry) => {
      const event = entry < first ? undefined : events.get(seq)
      return event !== undefined && isAfterStart(webhook, event) && wants(filter, event) ? [{ event, entry }] : []
    })
    let lastDeliveryMs = progress.last_delivery_ms
    for (let at = 0; at < wanted.length; at += mostAtATime) {
      const group = wanted.slice(at, at + mostAtATime)
      const outcomes = await Promise.all(group.map(({ event }) => send(webhook, event)))
      const failed = outcomes.findIndex((outcome) => outcome !== undefined)
      if (failed >= 0) {
        const entry = group[failed]?.entry ?? first
        return afterFailure(progress, { block: block.number, entry, error: outcomes[failed] ?? '' })
      }
      lastDeliveryMs = clock.now()
      const next = wanted[at + mostAtATime]
      if (stopping.signal.aborted && next !== undefined)
        return { ...progress, block: block.number, entry: next.entry, last_delivery_ms: lastDeliveryMs }
    }
    const rest = { failures: 0, next_attempt_ms: 0, last_error: null, last_delivery_ms: lastDeliveryMs }
    return { ...progress, ...rest, block: block.number + 1, entry: 0 }
  }

  function afterFailure(
    progress: Progress,
    { block, entry, error }: { readonly block: number; readonly entry: number; readonly error: string },
  ): Progress {
    const failures = progress.failures + 1
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 20))
    // Not all servers at the same time: half of the wait is left to chance.
    const nextMs = clock.now() + Math.ceil(waitMs * (0.5 + Math.random() / 2))
    return { ...progress, block, entry, failures, next_attempt_ms: nextMs, last_error: error }
  }

  /** Gives why it was not taken; undefined where it was. */
  async function send(webhook: WebhookRow, event: AuditEventRow): Promise<string | undefined> {
    const body = cloudEvent(event, options.publicOrigin)
    const timestampSeconds = Math.floor(clock.now() / 1000)
    const signature = signatureHeaders({ id: String(event.seq), timestampSeconds, body }, secretsOf(webhook))
    try {
      await options.outbound.post(webhook.url, { headers: { 'content-type': cloudEventType, ...signature }, body })
      return undefined
    } catch (error) {
      if (error instanceof OutboundError) return error.message
      throw error
    }
  }

  function secretsOf({ name, sealed_secret: secret, sealed_previous: previous, previous_until_ms }: WebhookRow) {
    const sealed = previous !== null && clock.now() < previous_until_ms ? [secret, previous] : [secret]
    return sealed.map((value) => options.sealer.open(value, secretContext(name)).toString())
  }

  return {
    stop: () => stopping.abort(),
    deliver: async () => {
      if (stopping.signal.aborted) return
      const head = (await chain.lastBlock())?.number ?? 0
      const nowMs = clock.now()
      const due = (await store.all()).filter(
        ({ enabled, block, next_attempt_ms: nextMs }) => enabled === 1 && block <= head && nextMs <= nowMs,
      )
      await Promise.all(due.map(({ name }) => deliverTo(name)))
    },
  }
}

function progressOf({
  block,
  entry,
  failures,
  next_attempt_ms,
  last_delivery_ms,
  last_error,
  leased_until_ms,
}: Progress) {
  return { block, entry, failures, next_attempt_ms, last_delivery_ms, last_error, leased_until_ms }
}
