import { z } from 'zod'
import { attributionOf } from '../../audit/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { OpenUploadState } from '../../registry/index.ts'
import type { Registry } from '../../resources/index.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { listOf, timeText } from '../arm/response.ts'
import { requireRegistry } from './registries.ts'
import { extensionId } from './registry-child.ts'

type Context = Pick<RegistriesContext, 'audit' | 'registry' | 'resources'>

/** An unfinished upload. */
const uploadResponse = z
  .strictObject({
    type: z.literal('Acrux.Server/uploads'),
    id: z.string(),
    name: z.string(),
    properties: z.strictObject({
      repository: z.string(),
      caller: z.string(),
      startedAt: timeText,
      lastDataAt: timeText,
      expiresAt: timeText,
      stagedBytes: z.int(),
      active: z.boolean(),
    }),
  })
  .register(apiSchemas, { id: 'Upload' })

const uploadListResponse = listOf(uploadResponse)

/** `GET …/providers/Acrux.Server/uploads`: the unfinished uploads. ACR does not show them. */
export async function listOpenUploads(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof uploadListResponse>> {
  const registry = await requireRegistry(context, names)
  const uploads = await context.registry.uploads.list(registry.rid)
  return { value: uploads.map((upload) => uploadDocument(registry, upload)) }
}
listOpenUploads.response = uploadListResponse

/** `DELETE …/providers/Acrux.Server/uploads/{id}`: cancels an upload and deletes its bytes. 204 if it does not exist. */
export async function deleteOpenUpload(context: Context, call: ManagementCall): Promise<void> {
  const { caller, names, origin, reply } = call
  const registry = await requireRegistry(context, names)
  const { rid } = registry
  const id = parseGuid(names.name)
  const event = { action: 'upload.cancel', target: extensionId(registry, 'uploads', id ?? ''), detail: { rid } }
  const ended =
    id === undefined
      ? 'unknown'
      : await context.registry.uploads.end(rid, id, async (transaction) => {
          await context.audit.record(transaction, { ...event, outcome: 'success', ...attributionOf(caller), origin })
        })
  if (ended === 'active') {
    throw new ArmError(
      'conflict',
      'Another request is writing to the upload. Try again when no request is writing to the upload.',
    )
  }
  reply.code(ended === 'ended' ? 200 : 204)
}
deleteOpenUpload.response = 'none' as const

function uploadDocument(registry: Pick<Registry, 'id'>, upload: OpenUploadState): DocumentOf<typeof uploadResponse> {
  const { id, repository, caller, startedAtMs, lastDataAtMs, expiresAtMs, stagedBytes, isActive } = upload
  return {
    type: 'Acrux.Server/uploads',
    id: extensionId(registry, 'uploads', id),
    name: id,
    properties: {
      repository,
      caller,
      startedAt: new Date(startedAtMs).toISOString(),
      lastDataAt: new Date(lastDataAtMs).toISOString(),
      expiresAt: new Date(expiresAtMs).toISOString(),
      stagedBytes,
      active: isActive,
    },
  }
}
