import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ContentQuestion, FoundContent } from '../../registry/index.ts'
import type { Registry } from '../../resources/index.ts'
import { networkDenial } from '@acrux/shared/standards/azure/network-rules.ts'
import { isWithinScope, subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import { parseTag } from '@acrux/shared/standards/oci/reference.ts'
import { parseRepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { parameter } from '../arm/query.ts'
import { requireSubscription } from '../arm/subscriptions.ts'
import { rolesAround } from '../arm/visibility.ts'

type Context = Pick<RegistriesContext, 'access' | 'registry' | 'resources'>

const foundResponse = z
  .strictObject({
    kind: z.enum(['repository', 'tag', 'manifest']),
    registry: z.string().describe('The login server.'),
    registryName: z.string(),
    repository: z.string(),
    tag: z.string().optional(),
    digest: z.string().optional(),
  })
  .register(apiSchemas, { id: 'FoundContent' })

const searchResponse = z
  .strictObject({
    value: z.array(foundResponse),
    isIncomplete: z.boolean().describe('Whether there may be more results.'),
    notSearched: z
      .array(z.string())
      .describe('The login servers whose network rules do not permit this request to see content.'),
  })
  .register(apiSchemas, { id: 'ContentSearch' })

const minLength = 2
const maxLength = 512

/**
 * `GET /subscriptions/{s}/providers/Acrux.Server/content?text=…`: ours, not Azure's. The repositories whose names contain the text, and the
 * tags and digests that begin with it, of all registries, as far as the caller may read them on the data plane. The text may also be
 * `REPOSITORY:TAG` or `REPOSITORY@DIGEST`, with or without the login server before it.
 */
export async function searchContent(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof searchResponse>> {
  await requireSubscription(context, call)
  const text = parameter(call.request.query, 'text')
  const nothing = { value: [], isIncomplete: false, notSearched: [] }
  if (typeof text !== 'string' || text.length < minLength || text.length > maxLength) return nothing
  const roles = await rolesAround(context, call.caller, subscriptionId(call.names.subscriptionId))
  const all = await context.resources.listRegistries(call.names.subscriptionId)
  const registries = all.filter(({ id }) => roles.some(({ scope }) => isWithinScope(id, scope)))
  const open = registries.filter((registry) => showsContent(registry, call.origin.remoteAddress))
  const closed = registries.filter((registry) => !open.includes(registry))
  const reach = await reachOf(context, call, open)
  const { found, isCut } = await call.budget.inTurn(() =>
    context.registry.search({ ...questionOf(text, open), ...reach }),
  )
  const subscriptions = await context.resources.listSubscriptions()
  const readsAll = reach.readsAll && open.length === all.length && subscriptions.length === 1
  const byRid = new Map(open.map((registry) => [registry.rid, registry]))
  return {
    value: found.map((each) => documentOf(each, byRid.get(each.rid))),
    // What was cut may be of others: a caller who may not read everything on this server is never told that nothing was.
    isIncomplete: open.length > 0 && (isCut || !readsAll),
    notSearched: await visibleOf(context, call, closed),
  }
}
searchContent.response = searchResponse

/** What the caller may read of registries on the data plane. */
async function reachOf({ access }: Context, { caller }: ManagementCall, registries: readonly Registry[]) {
  const rights = new Map(
    await Promise.all(
      registries.map(async (registry) => [registry.rid, await access.rightsAt(caller.rights, registry)] as const),
    ),
  )
  const listsCatalog = (rid: string) => rights.get(rid)?.allows('catalog', undefined) === true
  const mayRead = (rid: string, repository: string) => rights.get(rid)?.allows('metadata_read', repository) === true
  return {
    mayRead,
    mayList: (rid: string, repository: string) => listsCatalog(rid) || mayRead(rid, repository),
    readsAll: registries.every(
      ({ rid }) => listsCatalog(rid) && rights.get(rid)?.allowsEverywhere?.('metadata_read') === true,
    ),
  }
}

/**
 * Whether a token for ARM, from this address, may show content of a registry. Management ignores both rules elsewhere, because it
 * shows no content.
 */
function showsContent(registry: Registry, remoteAddress: string): boolean {
  const isForArm = registry.policies.azureADAuthenticationAsArmPolicy.status === 'enabled'
  return isForArm && networkDenial(registry, remoteAddress) === undefined
}

async function visibleOf(
  { access }: Context,
  { caller }: ManagementCall,
  registries: readonly Registry[],
): Promise<string[]> {
  const visible = await Promise.all(
    registries.map(async ({ id, loginServer }) =>
      (await access.mayManage(caller.rights, 'Microsoft.ContainerRegistry/registries/read', id)) ? [loginServer] : [],
    ),
  )
  return visible.flat()
}

const digestPattern = /^(?:sha(?:256|512):)?[0-9a-f]*$/
const minHexLength = 6

/** What a text can mean. */
function questionOf(typed: string, registries: readonly Registry[]): Omit<ContentQuestion, 'mayRead' | 'mayList'> {
  const named = registries.find(({ loginServer }) => typed.toLowerCase().startsWith(`${loginServer}/`))
  const text = named === undefined ? typed : typed.slice(named.loginServer.length + 1)
  const rids = (named === undefined ? registries : [named]).map(({ rid }) => rid)
  const isDigest = digestPattern.test(text) && (text.includes(':') || text.length >= minHexLength)
  const image = isDigest ? undefined : parseImage(text)
  if (image !== undefined) return { rids, ...image }
  return {
    rids,
    ...(/^[\w./-]+$/.test(text) && { namePart: text.toLowerCase() }),
    ...(parseTag(text) !== undefined && { tagPrefix: text }),
    ...(isDigest && { digestPrefix: withAlgorithm(text) }),
  }
}

/** Reads `REPOSITORY:TAG` or `REPOSITORY@DIGEST`, the last part of which may be cut. */
function parseImage(text: string): Pick<ContentQuestion, 'repository' | 'tagPrefix' | 'digestPrefix'> | undefined {
  const [, repository = '', tag, digest] = /^([^:@]+)(?::([^:@]+)|@(.+))$/.exec(text) ?? []
  if (parseRepositoryName(repository) === undefined) return undefined
  if (tag !== undefined && parseTag(tag) !== undefined) return { repository, tagPrefix: tag }
  if (digest === undefined || !digestPattern.test(digest)) return undefined
  return { repository, digestPrefix: withAlgorithm(digest) }
}

const withAlgorithm = (digest: string): string => (digest.includes(':') ? digest : `sha256:${digest}`)

function documentOf(
  { kind, repository, tag, digest }: FoundContent,
  found: Registry | undefined,
): DocumentOf<typeof foundResponse> {
  const registry = { registry: found?.loginServer ?? '', registryName: found?.name ?? '' }
  return { kind, ...registry, repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) }
}
