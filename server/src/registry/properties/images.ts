import { setImmediate as nextTurn } from 'node:timers/promises'
import { formatDataPlaneTime } from '@acrux/shared/standards/azure/acr-time.ts'
import { nextLink } from '@acrux/shared/standards/http/link-header.ts'
import { parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { countTags, existingNames, readAttachedTypes, readNewestTags } from '../manifests/image-details-store.ts'
import {
  type ImageFilter,
  type ImageOrder,
  type ImagePlace,
  type ImageWalk,
  keyTypesOf,
  walkManifests,
} from '../manifests/image-walk-store.ts'
import { type ListedManifest, readListedManifests } from '../manifests/manifest-store.ts'
import { readPushers } from '../manifests/pusher-store.ts'
import { type AcrCall, sendJson } from '../protocol/call.ts'
import type { imageListSchema } from '../protocol/documents.ts'
import { OciError } from '../protocol/errors.ts'
import { requirePage } from '../repositories/list-order.ts'
import { changeableAttributes } from '../repositories/locks.ts'
import { requireRepository } from '../repositories/repositories.ts'
import type { RepositoryRow } from '../rows/rows.ts'
import { readSummaries } from '../attached/attached-report-store.ts'
import { cosignTags, countAttached } from '../attached/attached-kind.ts'
import type { PropertiesContext } from './context.ts'
import { readExpansions } from './expand.ts'
import { imageType } from './image-platforms.ts'
import { listedVulnerabilities } from './vulnerability-summary.ts'
import { documentHead, lastPullTime, repositoryNotFound, visibleActor } from './properties.ts'

/** The maximum number of images of a page. */
const maxImages = 100

/** The maximum number of manifests that one statement examines, and the maximum number that one request examines. */
const sliceSize = 200
const maxExamined = 20_000

/** The maximum number of manifests of a repository in which images are counted. In larger repositories, images are not counted. */
const maxCounted = 10_000

/**
 * `GET` of the images of a repository: one row for each manifest that is neither attached to another one nor only a part of an index. If
 * few images match, a page may have fewer than `n` images and a link to the next page. ACR does not have this route.
 *
 * @throws OciError NAME_UNKNOWN, BAD_REQUEST or PAGINATION_NUMBER_INVALID
 */
export async function listImages(context: PropertiesContext, call: AcrCall<'images'>): Promise<void> {
  const { size: askedSize, last } = requirePage(call.query)
  const size = Math.min(askedSize, maxImages)
  const order = requireImageOrder(call.query)
  const repository = await requireRepository(context, call, repositoryNotFound)
  const walk: ImageWalk = { repositoryId: repository.id, ...order, filter: requireFilter(call.query) }
  const start = last === '' ? { part: 0 } : readPlace(last, keyTypesOf(order.order, order.descending))
  const { digests, next } = size === 0 ? { digests: [], next: undefined } : await findImages(context, walk, start, size)
  const images = await describeImages(context, call, repository, digests)
  const isCounted = last === '' && repository.manifest_count <= maxCounted
  const count = isCounted ? await countImages(context, walk) : undefined
  const link = next && linkTo(call, size, next)
  const document = { ...documentHead(call), images, ...(count !== undefined && { count }) }
  sendJson(call, 200, document, link === undefined ? {} : { link })
}

type Start = Pick<ImagePlace, 'part'> & Partial<ImagePlace>

/** The digests of a page, and the position after the page if more images may follow. */
async function findImages(
  { database }: PropertiesContext,
  walk: ImageWalk,
  start: Start,
  size: number,
): Promise<{ readonly digests: string[]; readonly next: Start | undefined }> {
  const parts = keyTypesOf(walk.order, walk.descending).length
  const digests: string[] = []
  let place: Start = start
  for (let examined = 0; examined < maxExamined;) {
    const rows = await walkManifests(database, walk, place, sliceSize)
    for (const { key, digest, matches } of rows) {
      if (matches && digests.length === size) return { digests, next: place }
      place = { part: place.part, key, digest }
      if (matches) digests.push(digest)
    }
    examined += sliceSize
    if (rows.length < sliceSize) {
      if (place.part + 1 >= parts) return { digests, next: undefined }
      place = { part: place.part + 1 }
    }
    if (examined % (4 * sliceSize) === 0) await nextTurn()
  }
  return { digests, next: place }
}

async function countImages({ database }: PropertiesContext, walk: ImageWalk): Promise<number> {
  let count = 0
  let place: Start = { part: 0 }
  for (;;) {
    const rows = await walkManifests(database, { ...walk, order: 'pushed' }, place, sliceSize)
    count += rows.filter(({ matches }) => matches).length
    const end = rows.at(-1)
    if (rows.length < sliceSize || end === undefined) return count
    place = { part: 0, key: end.key, digest: end.digest }
    await nextTurn()
  }
}

type ImageDocument = DocumentOf<typeof imageListSchema>['images'][number]

async function describeImages(
  context: PropertiesContext,
  call: AcrCall<'images'>,
  repository: RepositoryRow,
  digests: readonly string[],
): Promise<ImageDocument[]> {
  const { database } = context
  const { id } = repository
  const rows = await readListedManifests(database, id, digests)
  const expansionOf = await readExpansions(context, id, [...rows.values()])
  const tags = await readNewestTags(database, id, digests)
  const counts = await countTags(database, id, digests)
  const types = await readAttachedTypes(database, id, digests)
  const tagNames = digests.flatMap((digest) => cosignTags(digest).map(({ name }) => name))
  const names = await existingNames(database, id, tagNames)
  const summaryOf = await readSummaries(
    database,
    digests.map((digest) => ({ repositoryId: id, digest })),
  )
  const pushers = await readPushers(database, id, digests)
  const pulls = await context.lastPulls.read(repository, digests)
  const describe = (row: ListedManifest): ImageDocument => {
    const { digest } = row
    const pushedBy = visibleActor(call, pushers.get(digest))
    const { size, platforms, attestations } = expansionOf(row)
    return {
      digest,
      mediaType: row.media_type,
      ...(row.artifact_type !== null && { artifactType: row.artifact_type }),
      type: imageType(row.media_type, row.config_media_type),
      tags: (tags.get(digest) ?? []).map((tag) => ({
        name: tag.name,
        locked: tag.write_enabled === 0 || tag.delete_enabled === 0,
      })),
      tagCount: counts.get(digest) ?? 0,
      platforms,
      size,
      createdTime: formatDataPlaneTime(row.created_at_ms),
      lastUpdateTime: formatDataPlaneTime(row.updated_at_ms),
      ...(pushedBy !== undefined && { pushedBy }),
      ...lastPullTime(row, pulls.get(digest)),
      locked: changeableAttributes(row),
      attached: countAttached(digest, { types: types.get(digest) ?? [], names, attestations }),
      ...listedVulnerabilities(call, summaryOf({ repositoryId: id, digest })),
    }
  }
  return digests.flatMap((digest) => {
    const row = rows.get(digest)
    return row === undefined ? [] : [describe(row)]
  })
}

/** Reads `orderby`. Names are in ascending order by default. Other keys are in descending order. */
function requireImageOrder(query: URLSearchParams): { readonly order: ImageOrder; readonly descending: boolean } {
  const matched = /^(pushed|name|size|pulled)(?: (asc|desc))?$/.exec(query.get('orderby') || 'pushed')
  if (matched === null) throw wrongOrder()
  const [, order, direction] = matched
  return { order: order as ImageOrder, descending: direction === undefined ? order !== 'name' : direction === 'desc' }
}

function wrongOrder(): OciError {
  const message = 'orderby must be pushed, name, size or pulled, and may end with asc or desc'
  return new OciError('BAD_REQUEST', { message })
}

const maxFilterLength = 200

/** @throws OciError BAD_REQUEST */
function requireFilter(query: URLSearchParams): ImageFilter {
  const textOf = (name: string) => query.get(name)?.split('\0', 1)[0]?.slice(0, maxFilterLength) || undefined
  const since = query.get('notPulledSince')
  const notPulledSinceMs = since === null ? undefined : Date.parse(since)
  if (Number.isNaN(notPulledSinceMs)) {
    throw new OciError('BAD_REQUEST', { message: 'notPulledSince must be a time, such as 2026-01-31T00:00:00Z' })
  }
  return {
    text: textOf('filter'),
    pushedBy: textOf('pushedBy'),
    notPulledSinceMs,
    unsigned: query.get('unsigned') === 'true',
    critical: query.get('critical') === 'true',
  }
}

/** The position in `last`. @throws OciError BAD_REQUEST */
function readPlace(last: string, keyTypes: readonly ('number' | 'string')[]): Start {
  const place = parseBoundedJson(Buffer.from(last, 'base64url'), 2)
  if (!Array.isArray(place)) throw wrongPlace()
  const [part, key, digest] = place
  const keyType = typeof part === 'number' ? keyTypes[part] : undefined
  if (typeof part !== 'number' || keyType === undefined) throw wrongPlace()
  if (key === undefined) return { part }
  if (!isKey(key, keyType) || !isKey(digest, 'string')) throw wrongPlace()
  return { part, key: key as string | number, digest: digest as string }
}

function isKey(value: unknown, type: 'number' | 'string'): boolean {
  return type === 'number' ? Number.isSafeInteger(value) : typeof value === 'string' && !value.includes('\0')
}

function wrongPlace(): OciError {
  return new OciError('BAD_REQUEST', { message: 'the parameter last must come from a link of this list' })
}

function linkTo({ request, query }: AcrCall<'images'>, size: number, { part, key, digest }: Start): string {
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  const filters = ['filter', 'pushedBy', 'notPulledSince', 'unsigned', 'critical'].flatMap((name) => {
    const value = query.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return nextLink(path, {
    last: Buffer.from(JSON.stringify(key === undefined ? [part] : [part, key, digest])).toString('base64url'),
    n: size,
    orderby: query.get('orderby') ?? undefined,
    filters: Object.fromEntries(filters),
  })
}
