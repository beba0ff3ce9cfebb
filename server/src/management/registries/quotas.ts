import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { QuotaConflictError, type QuotaUsage } from '../../registry/index.ts'
import type { Registry } from '../../resources/index.ts'
import { parseRepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { optional, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { ArmError, childNotFound } from '../arm/errors.ts'
import { listOf } from '../arm/response.ts'
import { requireRegistry } from './registries.ts'
import { extensionId } from './registry-child.ts'

type Context = Pick<RegistriesContext, 'audit' | 'database' | 'registry' | 'resources'>

/*
 * An extension: ACR only has the limits of its tiers. It belongs to a provider of our own, so that no request to Azure can
 * set it.
 */

const namePattern = /^[A-Za-z0-9-]{1,50}$/
const maxLimitBytes = 2 ** 50

const putSchema = z.object({
  properties: z.object({
    limitBytes: z.int().min(0).max(maxLimitBytes),
    repository: optional(z.string().max(256).nullable()),
  }),
})

/** A quota of a registry, or of the repository that it names. */
const quotaResponse = z
  .strictObject({
    type: z.literal('Acrux.Server/quotas'),
    id: z.string(),
    name: z.string(),
    properties: z.strictObject({ repository: z.string().nullable(), limitBytes: z.int(), usedBytes: z.int() }),
  })
  .register(apiSchemas, { id: 'Quota' })
type QuotaDocument = DocumentOf<typeof quotaResponse>

const quotaListResponse = listOf(quotaResponse)

/** `GET …/providers/Acrux.Server/quotas` */
export async function listQuotas(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof quotaListResponse>> {
  const registry = await requireRegistry(context, names)
  const quotas = await context.registry.quotas.list(registry.rid)
  return { value: quotas.map((quota) => quotaDocument(registry, quota)) }
}
listQuotas.response = quotaListResponse

/** `GET …/providers/Acrux.Server/quotas/{name}` */
export async function getQuota(context: Context, call: ManagementCall): Promise<QuotaDocument> {
  const registry = await requireRegistry(context, call.names)
  const name = requireName(call)
  const quota = await context.registry.quotas.find(registry.rid, name)
  if (quota === undefined) throw childNotFound(name)
  return quotaDocument(registry, quota)
}
getQuota.response = quotaResponse

/** `PUT …/providers/Acrux.Server/quotas/{name}`: limits the bytes of the registry, or of the repository that it names. */
export async function putQuota(context: Context, call: ManagementCall): Promise<QuotaDocument> {
  const name = requireName(call)
  const { limitBytes, repository: text } = readBody(call, putQuota).properties
  const repository = text === undefined || text === null ? undefined : parseRepositoryName(text)
  if (repository === undefined && text !== undefined && text !== null) {
    throw new ArmError('badRequest', "The value of 'repository' is not a repository name.")
  }
  const quota = { name, repository, limitBytes }
  const { registry, isNew } = await recordChange(context, call, async (transaction) => {
    const found = await requireRegistry(context, call.names, transaction)
    const created = await context.registry.quotas.put(transaction, found.rid, quota).catch(throwConflict)
    const detail = { rid: found.rid, repository: repository ?? null, limitBytes }
    const event = { action: 'quota.put', target: extensionId(found, 'quotas', name), detail }
    return { result: { registry: found, isNew: created }, event }
  })
  const usage = await context.registry.quotas.find(registry.rid, name)
  call.reply.code(isNew ? 201 : 200)
  return quotaDocument(registry, usage ?? { ...quota, usedBytes: 0 })
}
putQuota.body = putSchema
putQuota.response = quotaResponse

/** `DELETE …/providers/Acrux.Server/quotas/{name}`. 204 if it does not exist. */
export async function deleteQuota(context: Context, call: ManagementCall): Promise<void> {
  const name = requireName(call)
  const deleted = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const result = await context.registry.quotas.delete(transaction, registry.rid, name)
    const event = {
      action: 'quota.delete',
      target: extensionId(registry, 'quotas', name),
      detail: { rid: registry.rid },
    }
    return { result, event: result ? event : undefined }
  })
  call.reply.code(deleted ? 200 : 204)
}
deleteQuota.response = 'none' as const

function requireName({ names }: ManagementCall): string {
  if (namePattern.test(names.name)) return names.name.toLowerCase()
  throw new ArmError('invalidResourceName', 'A quota has a name of 1 to 50 letters, digits and hyphens.')
}

function throwConflict(error: unknown): never {
  if (!(error instanceof QuotaConflictError)) throw error
  throw new ArmError('conflict', `The quota cannot be set: ${error.message}.`, { cause: error })
}

function quotaDocument(
  registry: Pick<Registry, 'id'>,
  { name, repository, limitBytes, usedBytes }: QuotaUsage,
): QuotaDocument {
  return {
    type: 'Acrux.Server/quotas',
    id: extensionId(registry, 'quotas', name),
    name,
    properties: { repository: repository ?? null, limitBytes, usedBytes },
  }
}
