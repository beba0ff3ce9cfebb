import { attributionOf } from '../../audit/index.ts'
import { z } from 'zod'
import type { ListedImport } from '../../imports/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Registry } from '../../resources/index.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { forbidden } from '../arm/need.ts'
import { scopeOf } from '../arm/path-scope.ts'
import { isoTime, listOf, timeText } from '../arm/response.ts'
import { requesterOf } from './import-image.ts'
import { findRegistry, requireRegistry } from './registries.ts'
import { extensionId } from './registry-child.ts'

type Context = Pick<RegistriesContext, 'access' | 'audit' | 'imports' | 'resources'>

/** An image import, running or ended within the last seven days. */
const importResponse = z
  .strictObject({
    type: z.literal('Acrux.Server/imports'),
    id: z.string(),
    name: z.string(),
    properties: z.strictObject({
      state: z.enum(['running', 'cancelling', 'succeeded', 'failed']),
      source: z.string().describe('The host, the repository, and the tag or digest of the source image.'),
      targets: z
        .array(z.string())
        .describe('The targets: `REPOSITORY:TAG`, or only the repository if the import sets no tag.'),
      requestedBy: z.string().describe('The object id of the caller that requested the import.'),
      startedAt: timeText,
      endedAt: timeText.nullable(),
      reason: z.string().nullable().describe('The reason for the failure, as in the audit log.'),
      message: z.string().nullable(),
    }),
  })
  .register(apiSchemas, { id: 'Import' })

const importListResponse = listOf(importResponse)

const readAction = 'Acrux.Server/imports/read'
const deleteAction = 'Acrux.Server/imports/delete'

/**
 * `GET …/providers/Acrux.Server/imports`: the imports into a registry, the newest first. Azure has no such list. Without
 * the read permission, callers see only their own imports.
 */
export async function listImports(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof importListResponse>> {
  const { caller, names } = call
  const seesAll = await context.access.mayManage(caller.rights, readAction, scopeOf(names))
  const registry = seesAll ? await requireRegistry(context, names) : await findRegistry(context, names)
  // Without a permission, a registry that does not exist looks like a registry without imports of the caller.
  if (registry === undefined) return { value: [] }
  const imports = await context.imports.list(registry.rid, seesAll ? undefined : requesterOf(call))
  return { value: imports.map((each) => importDocument(registry, each)) }
}
listImports.response = importListResponse

/**
 * `DELETE …/providers/Acrux.Server/imports/{id}`: cancels an import: 200 when it has ended, 202 while another server still ends it,
 * 204 if it is not running. The import of another caller needs `Acrux.Server/imports/delete`, too.
 */
export async function cancelImport(context: Context, call: ManagementCall): Promise<void> {
  const { caller, names, origin, reply } = call
  const registry = await requireRegistry(context, names)
  const { rid } = registry
  const id = parseGuid(names.name)
  const isOwn = id !== undefined && (await context.imports.findRequester(id, rid)) === requesterOf(call)
  if (!isOwn && !(await context.access.mayManage(caller.rights, deleteAction, registry.id))) {
    throw forbidden(caller, { action: deleteAction }, registry.id)
  }
  const event = { action: 'image.import.cancel', target: extensionId(registry, 'imports', id ?? ''), detail: { rid } }
  const result =
    id === undefined
      ? 'not-running'
      : await context.imports.cancel(id, rid, async (transaction) => {
          await context.audit.record(transaction, { ...event, outcome: 'success', ...attributionOf(caller), origin })
        })
  reply.code(result === 'ended' ? 200 : result === 'cancelling' ? 202 : 204)
}
cancelImport.response = 'none' as const

function importDocument(registry: Registry, each: ListedImport): DocumentOf<typeof importResponse> {
  const { id, state, requester, image, startedAtMs, endedAtMs, reason, message } = each
  return {
    type: 'Acrux.Server/imports',
    id: extensionId(registry, 'imports', id),
    name: id,
    properties: {
      state,
      source: image.source,
      targets: [...image.targets],
      requestedBy: requester.slice(requester.indexOf('/') + 1),
      startedAt: new Date(startedAtMs).toISOString(),
      endedAt: isoTime(endedAtMs),
      reason: reason ?? null,
      message: message ?? null,
    },
  }
}
