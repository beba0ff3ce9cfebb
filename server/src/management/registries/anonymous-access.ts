import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import type { Authorship } from '../../authorization/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Registry } from '../../resources/index.ts'
import { readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { authorOf, systemData, systemDataResponse } from '../arm/authorship.ts'
import { childNotFound } from '../arm/errors.ts'
import { requireRegistry } from './registries.ts'
import { requireScopeMapById } from './scope-maps.ts'

type Context = Pick<RegistriesContext, 'access' | 'audit' | 'database' | 'resources'>

/*
 * An extension: ACR allows anonymous pull of a whole registry or of nothing. It belongs to a provider of our own, so that no
 * request to Azure can set it.
 */

const bodySchema = z.object({ properties: z.object({ scopeMapId: z.string().max(2048) }) })

/** The read access of anonymous clients. */
const anonymousAccessResponse = z
  .strictObject({
    type: z.literal('Acrux.Server/anonymousAccess'),
    id: z.string(),
    name: z.literal('default'),
    systemData: systemDataResponse,
    properties: z.strictObject({ scopeMapId: z.string() }),
  })
  .register(apiSchemas, { id: 'AnonymousAccess' })
type AnonymousAccessDocument = DocumentOf<typeof anonymousAccessResponse>

/** `GET …/providers/Acrux.Server/anonymousAccess/default` */
export async function getAnonymousAccess(
  context: Context,
  { names }: ManagementCall,
): Promise<AnonymousAccessDocument> {
  const registry = await requireRegistry(context, names)
  const map = await context.access.anonymousAccess.find(registry.rid)
  if (map === undefined) throw childNotFound('default')
  return anonymousAccessDocument(registry, map)
}
getAnonymousAccess.response = anonymousAccessResponse

/** `PUT …/providers/Acrux.Server/anonymousAccess/default`: gives anonymous clients the read actions of a scope map. */
export async function putAnonymousAccess(context: Context, call: ManagementCall): Promise<AnonymousAccessDocument> {
  const { scopeMapId } = readBody(call, putAnonymousAccess).properties
  const { document, created } = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const { name: scopeMapName } = await requireScopeMapById(context, registry, scopeMapId, transaction)
    const wanted = { scopeMapName, scopeMapId }
    const { anonymousAccess } = context.access
    const { map, created } = await anonymousAccess.put(transaction, registry.rid, wanted, authorOf(call.caller))
    const event = { action: 'anonymous-access.put', ...eventOf(registry, scopeMapId) }
    return { result: { document: anonymousAccessDocument(registry, map), created }, event }
  })
  call.reply.code(created ? 201 : 200)
  return document
}
putAnonymousAccess.body = bodySchema
putAnonymousAccess.response = anonymousAccessResponse

/** `DELETE …/providers/Acrux.Server/anonymousAccess/default`. 204 if it does not exist. */
export async function deleteAnonymousAccess(context: Context, call: ManagementCall): Promise<void> {
  const { anonymousAccess } = context.access
  const deleted = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const map = await anonymousAccess.find(registry.rid, transaction)
    if (map === undefined) return { result: false, event: undefined }
    await anonymousAccess.delete(transaction, registry.rid)
    return { result: true, event: { action: 'anonymous-access.delete', ...eventOf(registry, map.scopeMapId) } }
  })
  call.reply.code(deleted ? 200 : 204)
}
deleteAnonymousAccess.response = 'none' as const

function eventOf({ id, rid }: Registry, scopeMapId: string) {
  return { target: anonymousAccessId(id), detail: { rid, scopeMapId } }
}

function anonymousAccessId(registryId: string): string {
  return `${registryId}/providers/Acrux.Server/anonymousAccess/default`
}

function anonymousAccessDocument(
  { id }: Registry,
  { scopeMapId, authorship }: { readonly scopeMapId: string; readonly authorship: Authorship },
): AnonymousAccessDocument {
  return {
    type: 'Acrux.Server/anonymousAccess',
    id: anonymousAccessId(id),
    name: 'default',
    systemData: systemData(authorship),
    properties: { scopeMapId },
  }
}
