import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { isJsonObject, type JsonObject, parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'
import { formatDataPlaneTime } from '@acrux/shared/standards/azure/acr-time.ts'
import type { RepositoryCall } from '../repositories/repositories.ts'
import type { manifestSchema, repositorySchema, tagSchema } from '../protocol/documents.ts'
import { OciError } from '../protocol/errors.ts'
import { changeableAttributes } from '../repositories/locks.ts'
import type { ListedManifest } from '../manifests/manifest-store.ts'
import type { Actor } from '../protocol/ports.ts'
import { pusherOf } from '../repositories/pusher.ts'
import { readAuthorizedBody } from '../protocol/read-body.ts'
import type { RepositoryRow, TagRow } from '../rows/rows.ts'

const maxPatchBytes = 64 * 1024
const maxDepth = 20

/** The first members of every document of the `/acr/v1` surface. */
export function documentHead({ registry, path }: RepositoryCall) {
  return { registry: registry.loginServer, imageName: path.repository }
}

/**
 * Returns null for an empty list of tags or manifests, in the same way as ACR. For any list that is not null, Azure/acr-cli reads the name
 * of the last entry. [Azure/acr-cli, internal/tag]
 */
export function nullIfEmpty<Entry>(entries: readonly Entry[]): readonly Entry[] | null {
  return entries.length === 0 ? null : entries
}

/** A repository's properties. ACR does not have the member `description`. [ACR REST data plane] */
export function repositoryProperties(call: RepositoryCall, row: RepositoryRow): DocumentOf<typeof repositorySchema> {
  return {
    ...documentHead(call),
    createdTime: formatDataPlaneTime(row.created_at_ms),
    lastUpdateTime: formatDataPlaneTime(row.updated_at_ms),
    manifestCount: row.manifest_count,
    tagCount: row.tag_count,
    changeableAttributes: changeableAttributes(row),
    ...(row.description !== null && { description: row.description }),
  }
}

/** The values that a document shows in addition to the columns of ACR. */
export type Additions = { readonly pulledAtMs?: number | undefined; readonly pushedBy?: Actor | undefined }

/** Returns an actor without its name if the caller is anonymous. An anonymous caller sees no names. */
export function visibleActor({ caller }: Pick<RepositoryCall, 'caller'>, actor: Actor | undefined): Actor | undefined {
  return caller.actor.kind === 'anonymous' ? undefined : actor
}

/** A tag's properties. ACR does not have the members `lastPullTime` and `pushedBy`. [ACR REST data plane] */
export function tagProperties(call: RepositoryCall, row: TagRow, pulledAtMs?: number): DocumentOf<typeof tagSchema> {
  const pushedBy = visibleActor(call, pusherOf(row))
  return {
    name: row.name,
    digest: row.manifest_digest,
    createdTime: formatDataPlaneTime(row.created_at_ms),
    lastUpdateTime: formatDataPlaneTime(row.updated_at_ms),
    ...lastPullTime(row, pulledAtMs),
    ...(pushedBy !== undefined && { pushedBy }),
    signed: false,
    changeableAttributes: changeableAttributes(row),
  }
}

/**
 * A manifest's properties. `tags` is omitted if the manifest has no tags. ACR does not have the members `lastPullTime` and `pushedBy`. [ACR
 * REST data plane]
 */
export function manifestProperties(
  row: ListedManifest,
  tags: readonly string[],
  { pulledAtMs, pushedBy }: Additions = {},
): DocumentOf<typeof manifestSchema> {
  return {
    digest: row.digest,
    imageSize: row.image_size_bytes,
    createdTime: formatDataPlaneTime(row.created_at_ms),
    lastUpdateTime: formatDataPlaneTime(row.updated_at_ms),
    ...lastPullTime(row, pulledAtMs),
    ...(pushedBy !== undefined && { pushedBy }),
    ...(row.architecture !== null && { architecture: row.architecture }),
    ...(row.os !== null && { os: row.os }),
    mediaType: row.media_type,
    ...(row.config_media_type !== null && { configMediaType: row.config_media_type }),
    ...(tags.length > 0 && { tags }),
    changeableAttributes: changeableAttributes(row),
  }
}

/**
 * Omits the time if no pull was recorded since the manifest or tag was created. An earlier manifest or tag with the same name may have been
 * pulled.
 */
export function lastPullTime({ created_at_ms }: Pick<TagRow, 'created_at_ms'>, pulledAtMs: number | undefined) {
  return pulledAtMs === undefined || pulledAtMs < created_at_ms ? {} : { lastPullTime: formatDataPlaneTime(pulledAtMs) }
}

/**
 * Reads the body of a PATCH.
 *
 * @throws OciError BAD_REQUEST if the body is not a JSON object
 * @throws BodyTooLargeError
 */
export async function readPatch({ request }: RepositoryCall): Promise<JsonObject> {
  const document = parseBoundedJson(await readAuthorizedBody(request, maxPatchBytes), maxDepth)
  if (!isJsonObject(document)) throw new OciError('BAD_REQUEST', { message: 'the body is not a JSON object' })
  return document
}

/** The error for a repository that does not exist, with the message that ACR sends for properties. */
export function repositoryNotFound({ path }: RepositoryCall): OciError {
  return new OciError('NAME_UNKNOWN', { message: `repository "${path.repository}" is not found` })
}
