import { z } from 'zod'
import type { CredentialUsePlace, CredentialUseRow } from '../../audit/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { badSkipToken, nextLink, readPageSize } from '../arm/page.ts'
import { parameter, readFilter, unsupportedFilter } from '../arm/query.ts'
import { listOf, timeText } from '../arm/response.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

type Context = Pick<ServerContext, 'credentialUses' | 'publicOrigin' | 'resources'>

/** The last use of a credential. */
const credentialUseResponse = z
  .strictObject({
    principal: z.strictObject({ kind: z.string(), id: z.string() }),
    credentialId: z.string(),
    lastUsedAt: timeText,
  })
  .register(apiSchemas, { id: 'CredentialUse' })

const credentialUseListResponse = listOf(credentialUseResponse)

/** `GET /subscriptions/{s}/providers/Acrux.Server/credentialUses`: ours, not Azure's. When each credential was used last. */
export async function listCredentialUses(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof credentialUseListResponse>> {
  await requireSubscription(context, call)
  const { request } = call
  const filter = readUseFilter(call)
  const size = readPageSize(request, 100)
  const uses = await context.credentialUses.list(filter, readPlace(parameter(request.query, '$skiptoken')), size)
  const value = uses.map(credentialUseDocument)
  const last = uses.at(-1)
  if (uses.length < size || last === undefined) return { value }
  return { value, nextLink: nextLink(context.publicOrigin, request, writePlace(last)) }
}
listCredentialUses.response = credentialUseListResponse

function readUseFilter({ request }: ManagementCall): { actorId?: string; credentialId?: string } {
  const filter: { actorId?: string; credentialId?: string } = {}
  for (const { form, name, value } of readFilter(request)) {
    const key = name === 'principalid' ? 'actorId' : name === 'credentialid' ? 'credentialId' : undefined
    if (form !== 'equals' || key === undefined || filter[key] !== undefined) throw unsupportedFilter()
    filter[key] = value
  }
  return filter
}

function credentialUseDocument(use: CredentialUseRow): DocumentOf<typeof credentialUseResponse> {
  return {
    principal: { kind: use.actor_kind, id: use.actor_id },
    credentialId: use.credential_id,
    lastUsedAt: new Date(use.last_used_ms).toISOString(),
  }
}

function writePlace({ actor_kind: kind, actor_id: id, credential_id: credential }: CredentialUsePlace): string {
  return Buffer.from(JSON.stringify([kind, id, credential])).toString('base64url')
}

/** @throws ArmError 400 for a token that this list did not return */
function readPlace(text: unknown): CredentialUsePlace | undefined {
  if (text === undefined) return undefined
  if (typeof text !== 'string' || !/^[\w-]{1,4096}$/.test(text)) throw badSkipToken()
  const place = Buffer.from(text, 'base64url').toString()
  const [, kind, id, credential] = /^\["([^"\\\p{Cc}]*)","([^"\\\p{Cc}]*)","([^"\\\p{Cc}]*)"\]$/u.exec(place) ?? []
  if (kind === undefined || id === undefined || credential === undefined) throw badSkipToken()
  return { actor_kind: kind, actor_id: id, credential_id: credential }
}
