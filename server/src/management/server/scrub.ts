import { attributionOf } from '../../audit/index.ts'
import { z } from 'zod'
import { subscriptionId } from '../../standards/azure/resource-id.ts'
import type { ScrubReport } from '../../registry/index.ts'
import { optional, readBody } from '../arm/body.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

const startSchema = z.object({ repair: optional(z.boolean()) })

/**
 * `POST /subscriptions/{s}/providers/Acrux.Server/scrub`: ours, not Azure's. Begins to verify all that is stored, unless that
 * is under way. With `repair`, corrupt content is quarantined and files without a row are removed.
 */
export async function startScrub(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  const { repair = false } = readBody(call, startScrub)
  const { caller, origin } = call
  const event = { action: 'scrub.start', target: subscriptionId(subscription), detail: { repair } }
  await context.audit.append({ ...event, outcome: 'success', ...attributionOf(caller), origin })
  context.registry.scrubs.start(repair)
  return call.reply.code(202).send(await document(context))
}
startScrub.body = startSchema

/** `GET …/Acrux.Server/scrub`: the scrub that was requested last, the background scrub, and how much is in quarantine. */
export async function getScrub(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  await requireSubscription(context, call)
  return document(context)
}

async function document({ registry: { scrubs } }: ManagementContext) {
  const requested = scrubs.status()
  const { progress, lastCompletedAtMs, lastFindingCount } = scrubs.figures()
  return {
    requested: requested === undefined ? null : reportDocument(requested),
    background: { progress: progress ?? null, lastCompletedAt: isoTime(lastCompletedAtMs), lastFindingCount },
    quarantined: await scrubs.countQuarantined(),
  }
}

function reportDocument({ startedAtMs, completedAtMs, ...report }: ScrubReport) {
  return { ...report, startedAt: isoTime(startedAtMs), completedAt: isoTime(completedAtMs) }
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
