import { attributionOf } from '../../audit/index.ts'
import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ScrubReport } from '../../registry/index.ts'
import { optional, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { isoTime, timeText } from '../arm/response.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

type Context = Pick<ServerContext, 'audit' | 'registry' | 'resources'>

const startSchema = z.object({ repair: optional(z.boolean()) })

const finding = z.strictObject({
  kind: z.string(),
  subject: z.string(),
  place: z.string(),
  repaired: z.boolean(),
})

/** The requested scrub and the background scrub. */
const scrubResponse = z
  .strictObject({
    requested: z
      .strictObject({
        state: z.enum(['running', 'completed', 'stopped', 'failed']),
        repair: z.boolean(),
        startedAt: timeText.nullable(),
        completedAt: timeText.nullable(),
        progress: z.number(),
        step: z.string(),
        counts: z.strictObject({
          blobs: z.int(),
          bytes: z.int(),
          manifests: z.int(),
          files: z.int(),
          auditEvents: z.int(),
        }),
        findings: z.array(finding),
        findingCount: z.int(),
      })
      .nullable(),
    background: z.strictObject({
      progress: z.number().nullable(),
      lastCompletedAt: timeText.nullable(),
      lastFindingCount: z.int(),
    }),
    quarantined: z.int(),
  })
  .register(apiSchemas, { id: 'Scrub' })
type ScrubDocument = DocumentOf<typeof scrubResponse>

/**
 * `POST /subscriptions/{s}/providers/Acrux.Server/scrub`: ours, not Azure's. Starts to verify all stored content, unless a
 * requested scrub is running in any server of the database. With `repair`, corrupt content is quarantined and files without a row are removed.
 */
export async function startScrub(context: Context, call: ManagementCall): Promise<ScrubDocument> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  const { repair = false } = readBody(call, startScrub)
  const { caller, origin } = call
  const event = { action: 'scrub.start', target: subscriptionId(subscription), detail: { repair } }
  await context.audit.append({ ...event, outcome: 'success', ...attributionOf(caller), origin })
  await context.registry.scrubs.start(repair)
  call.reply.code(202)
  return scrubDocument(context)
}
startScrub.body = startSchema
startScrub.response = scrubResponse

/** `GET …/Acrux.Server/scrub`: the scrub that was requested last, the background scrub, and how much is in quarantine. */
export async function getScrub(context: Context, call: ManagementCall): Promise<ScrubDocument> {
  await requireSubscription(context, call)
  return scrubDocument(context)
}
getScrub.response = scrubResponse

async function scrubDocument({ registry: { scrubs } }: Context): Promise<ScrubDocument> {
  const requested = await scrubs.status()
  const { progress, lastCompletedAtMs, lastFindingCount } = await scrubs.figures()
  return {
    requested: requested === undefined ? null : reportDocument(requested),
    background: { progress: progress ?? null, lastCompletedAt: isoTime(lastCompletedAtMs), lastFindingCount },
    quarantined: await scrubs.countQuarantined(),
  }
}

function reportDocument({ startedAtMs, completedAtMs, ...report }: ScrubReport) {
  return { ...report, startedAt: isoTime(startedAtMs), completedAt: isoTime(completedAtMs) }
}
