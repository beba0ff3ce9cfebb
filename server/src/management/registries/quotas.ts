import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import { QuotaConflictError, type QuotaUsage } from '../../registry/index.ts'
import type { Registry } from '../../resources/index.ts'
import { parseRepositoryName } from '../../standards/oci/repository-name.ts'
import { optional, readBody } from '../arm/body.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { ArmError, childNotFound } from '../arm/errors.ts'
import { requireRegistry } from './registries.ts'

/*
 * An extension: ACR's limits are those of its tiers. It lies under a provider of our own, so that no request which is meant
 * for Azure can set it.
 */

const namePattern = /^[A-Za-z0-9-]{1,50}$/
const maxLimitBytes = 2 ** 50

const putSchema = z.object({
  properties: z.object({
    limitBytes: z.int().min(0).max(maxLimitBytes),
    repository: optional(z.string().max(256).nullable()),
  }),
})

/** `GET …/providers/Acrux.Server/quotas` */
export async function listQuotas(context: ManagementContext, { names }: ManagementCall): Promise<unknown> {
  const registry = await requireRegistry(context, names)
  const quotas = await context.registry.quotas.list(registry.rid)
  return { value: quotas.map((quota) => document(registry, quota)) }
}

/** `GET …/providers/Acrux.Server/quotas/{name}` */
export async function getQuota(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const registry = await requireRegistry(context, call.names)
  const name = requireName(call)
  const quota = await context.registry.quotas.find(registry.rid, name)
  if (quota === undefined) throw childNotFound(name)
  return document(registry, quota)
}

/** `PUT …/providers/Acrux.Server/quotas/{name}`: limits the bytes of the registry, or of the repository that it names. */
export async function putQuota(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const name = requireName(call)
  const { limitBytes, repository: text } = readBody(call, putQuota).properties
  const repository = text === undefined || text === null ? undefined : parseRepositoryName(text)
  if (repository === undefined && text !== undefined && text !== null) {
    throw new ArmError('badRequest', 'The repository is not a repository name.')
  }
  const quota = { name, repository, limitBytes }
  const { registry, isNew } = await recordChange(context, call, async (transaction) => {
    const found = await requireRegistry(context, call.names, transaction)
    const created = await context.registry.quotas.put(transaction, found.rid, quota).catch(throwConflict)
    const detail = { rid: found.rid, repository: repository ?? null, limitBytes }
    const event = { action: 'quota.put', target: idOf(found, name), detail }
    return { result: { registry: found, isNew: created }, event }
  })
  const usage = await context.registry.quotas.find(registry.rid, name)
  return call.reply.code(isNew ? 201 : 200).send(document(registry, usage ?? { ...quota, usedBytes: 0 }))
}
putQuota.body = putSchema

/** `DELETE …/providers/Acrux.Server/quotas/{name}`. 204 when there is none. */
export async function deleteQuota(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const name = requireName(call)
  const deleted = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const result = await context.registry.quotas.delete(transaction, registry.rid, name)
    const event = { action: 'quota.delete', target: idOf(registry, name), detail: { rid: registry.rid } }
    return { result, event: result ? event : undefined }
  })
  return call.reply.code(deleted ? 200 : 204).send()
}

function requireName({ names }: ManagementCall): string {
  if (namePattern.test(names.name)) return names.name.toLowerCase()
  throw new ArmError('invalidResourceName', 'A quota has a name of 1 to 50 letters, digits and hyphens.')
}

function throwConflict(error: unknown): never {
  if (!(error instanceof QuotaConflictError)) throw error
  throw new ArmError('conflict', `The quota cannot be set: ${error.message}.`, { cause: error })
}

function idOf({ id }: Pick<Registry, 'id'>, name: string): string {
  return `${id}/providers/Acrux.Server/quotas/${name}`
}

function document(registry: Pick<Registry, 'id'>, { name, repository, limitBytes, usedBytes }: QuotaUsage): object {
  return {
    type: 'Acrux.Server/quotas',
    id: idOf(registry, name),
    name,
    properties: { repository: repository ?? null, limitBytes, usedBytes },
  }
}
