import { attributionOf } from '../../audit/index.ts'
import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { type CollectionReport, collectionSteps } from '../../registry/index.ts'
import { subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { isoTime, timeText } from '../arm/response.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

type Context = Pick<ServerContext, 'audit' | 'collections' | 'resources'>

const timeOrNull = timeText.nullable()

const counts = z.strictObject({
  manifests: z.int().describe('The number of manifests and tags that registry policies deleted.'),
  uploads: z.int().describe('Expired uploads.'),
  blobs: z.int(),
  bytes: z.int().describe('The total size of the deleted blobs.'),
})

/** The garbage collection that began last, and the last one that was completed, of any server of the database. */
const collectionResponse = z
  .strictObject({
    last: z
      .strictObject({
        state: z.enum(['running', 'completed', 'stopped', 'failed']),
        startedAt: timeText,
        completedAt: timeOrNull,
        progress: z.number().describe('The estimated progress, from 0 to 1.'),
        step: z.enum(collectionSteps),
        counts,
      })
      .nullable(),
    lastCompleted: z
      .strictObject({ startedAt: timeOrNull, completedAt: timeText, counts: counts.nullable() })
      .nullable()
      .describe('`startedAt` and `counts` are null if an earlier version of Acrux ran the garbage collection.'),
    intervalSeconds: z.int().describe('The interval between automatic garbage collections.'),
  })
  .register(apiSchemas, { id: 'GarbageCollection' })
type CollectionDocument = DocumentOf<typeof collectionResponse>

/**
 * `POST /subscriptions/{s}/providers/Acrux.Server/garbageCollection`: ours, not Azure's. Starts what the server otherwise does at
 * intervals, unless it is running in any server of the database: applies the policies of all registries, and deletes content that
 * nothing refers to.
 */
export async function startCollection(context: Context, call: ManagementCall): Promise<CollectionDocument> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  const event = { action: 'garbage-collection.start', target: subscriptionId(subscription) }
  await context.audit.append({ ...event, outcome: 'success', ...attributionOf(call.caller), origin: call.origin })
  await context.collections.start()
  call.reply.code(202)
  return collectionDocument(context)
}
startCollection.body = 'none' as const
startCollection.response = collectionResponse

/** `GET …/Acrux.Server/garbageCollection` */
export async function getCollection(context: Context, call: ManagementCall): Promise<CollectionDocument> {
  await requireSubscription(context, call)
  return collectionDocument(context)
}
getCollection.response = collectionResponse

async function collectionDocument({ collections }: Context): Promise<CollectionDocument> {
  const { last, completed } = await collections.status()
  return {
    last: last === undefined ? null : lastDocument(last),
    lastCompleted:
      completed === undefined
        ? null
        : {
            startedAt: isoTime(completed.startedAtMs),
            completedAt: new Date(completed.completedAtMs).toISOString(),
            counts: completed.counts ?? null,
          },
    intervalSeconds: collections.intervalSeconds,
  }
}

function lastDocument({ startedAtMs, completedAtMs, ...report }: CollectionReport) {
  return { ...report, startedAt: new Date(startedAtMs).toISOString(), completedAt: isoTime(completedAtMs) }
}
