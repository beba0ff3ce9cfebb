import type { IncomingMessage } from 'node:http'
import { type Transaction, together } from '../../platform/sql/database.ts'
import { type Digest, digestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import { maxManifestSizeBytes } from '@acrux/shared/standards/oci/manifest.ts'
import { isNonDistributable, parseContentType } from '@acrux/shared/standards/oci/media-type.ts'
import { parseTag, type Tag } from '@acrux/shared/standards/oci/reference.ts'
import { requireAcrManifest } from '../protocol/acr-rules.ts'
import { type OciCall, sendEmpty } from '../protocol/call.ts'
import { OciError } from '../protocol/errors.ts'
import { requireSwept } from '../deletion/deleted-content-store.ts'
import { mayWait, queueReport } from '../attached/attached-report-store.ts'
import { type Attachment, findAttachment } from '../attached/find-report.ts'
import { type ImagePlatform, readImagePlatform } from './image-config.ts'
import { noLocks, requireWritable } from '../repositories/locks.ts'
import {
  childImageSizes,
  findManifest,
  insertManifest,
  type ListedManifest,
  linkedBlobSizes,
  markUntagged,
  repairManifest,
  touchManifest,
} from './manifest-store.ts'
import { readManifest } from './manifest-reader.ts'
import type { ParsedManifest } from './read-here.ts'
import type { ManifestContext } from './context.ts'
import type { Reservation } from '../quotas/quotas.ts'
import type { Actor } from '../protocol/ports.ts'
import { withBody } from '../protocol/read-body.ts'
import { changeEvent, type RepositoryTarget, requireCurrentCredential } from '../repositories/repositories.ts'
import { changeRepository } from '../deletion/change-repository.ts'
import { pusherColumns } from '../repositories/pusher.ts'
import { openRepository, recordChange } from '../repositories/repository-store.ts'
import type { ManifestReferenceRow, ManifestRow, TagRow } from '../rows/rows.ts'
import { recordTagMoves } from '../repositories/tag-change-store.ts'
import { findTags, moveTags } from '../repositories/tag-store.ts'
import { noSpace } from '../quotas/no-space.ts'
import { isSparse, blobDescriptors } from './image-blobs.ts'
import { manifestDigest } from '../integrity/manifest-integrity.ts'

/** The maximum number of `tag` parameters of a push by digest. The specification requires at least ten. */
const maxTags = 100

/** The maximum number of missing digests that an error names. */
const maxNamedDigests = 100

/** A manifest that was checked and is not yet stored. */
export type Push = {
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly tags: readonly Tag[]
  readonly manifest: ParsedManifest
  readonly platform: ImagePlatform
  /** Whether existing tags are moved. If false, an existing tag causes a conflict. */
  readonly movesTags: boolean
  readonly cause: 'push' | 'import'
}

/**
 * `PUT` of a manifest by tag, or by digest with any number of `tag` parameters. The server checks the manifest. Then one transaction checks
 * the locks and stores the manifest with its references and tags. [OCI distribution-spec, Pushing Manifests]
 *
 * @throws OciError MANIFEST_INVALID, DIGEST_INVALID, TAG_INVALID, SIZE_INVALID, MANIFEST_BLOB_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function putManifest(context: ManifestContext, call: OciCall<'manifest'>): Promise<void> {
  const tags = requireTags(call)
  const contentType = requireContentType(call.request)
  const { digest, manifest } = await withBody(call, maxManifestSizeBytes, async (bytes, inTurn) => {
    const named = await inTurn(async () => requireManifestDigest(call, bytes))
    const read = await readManifest({ bytes, contentType }, call.budget)
    const platform = await readImagePlatform(context, call, read)
    const push = { bytes, digest: named, tags, manifest: read, platform }
    await storeManifest(context, call, { ...push, movesTags: true, cause: 'push' })
    return { digest: named, manifest: read }
  })
  sendEmpty(call, 201, {
    location: `/v2/${call.path.repository}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(manifest.subject !== undefined && { 'oci-subject': manifest.subject.digest }),
    ...(call.path.reference.kind === 'digest' && tags.length > 0 && { 'oci-tag': tags.join(', ') }),
  })
}

/**
 * Stores a manifest with its references and tags in one transaction. This transaction also checks the locks.
 * @throws OciError MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN, CONFLICT or REGISTRY_DISALLOWED_OPERATION
 */
export async function storeManifest(context: ManifestContext, call: ManifestTarget, push: Push): Promise<void> {
  if (call.registry.compatibility === 'acr') requireAcrManifest(push.manifest, push.digest)
  // The push of an existing manifest also needs space for rows: the rows of its tags and of an audit event.
  if (!context.space.hasRoomFor(push.bytes.byteLength)) throw noSpace()
  const by = await call.caller.identify()
  const nowMs = context.clock.now()
  const isHeld = await holdsBytes(context, call, push)
  const attachment = await attachmentOf(context, call, push)
  await context.quotas.reserving((reservation) =>
    changeRepository(context, call, (transaction) =>
      store(context, { call, push, isHeld, attachment, reservation, nowMs, by }, transaction),
    ),
  )
}

/** The attachment of a report, and whether the report may wait to be read. */
type PushedAttachment = Attachment & { readonly waits: boolean }

/** Returns the manifest to which the pushed manifest is attached, if the pushed manifest may be a report. */
async function attachmentOf(
  { database }: ManifestContext,
  { registry, path, caller }: ManifestTarget,
  { manifest, tags }: Push,
): Promise<PushedAttachment | undefined> {
  const attachment = findAttachment(manifest, tags)
  if (attachment === undefined) return undefined
  const place = { rid: registry.rid, repository: path.repository, callerKey: caller.key }
  return { ...attachment, waits: await mayWait(database, place) }
}

/**
 * Whether the repository contains these bytes. The check runs before the transaction, because comparing 4 MiB in the transaction would
 * delay other transactions.
 */
async function holdsBytes(
  context: ManifestContext,
  { registry, path }: ManifestTarget,
  { digest, bytes }: Push,
): Promise<boolean> {
  const held = await context.manifests.getByDigest.first({ rid: registry.rid, repository: path.repository, digest })
  return held !== undefined && held.quarantined_at_ms === null && Buffer.compare(held.content, bytes) === 0
}

/** The repository and the reference to which a manifest is pushed. This type is a part of a call. */
export type ManifestTarget = RepositoryTarget<OciCall<'manifest'>>

type Storing = {
  readonly call: ManifestTarget
  readonly push: Push
  /** Whether the repository contained the same bytes before the transaction. */
  readonly isHeld: boolean
  readonly attachment: PushedAttachment | undefined
  readonly reservation: Reservation
  readonly nowMs: number
  readonly by: Actor | undefined
}

async function store(
  context: ManifestContext,
  { call, push, isHeld, attachment, reservation, nowMs, by }: Storing,
  transaction: Transaction,
): Promise<void> {
  const { digest, tags, manifest } = push
  const repository = await openRepository(transaction, call.registry.rid, call.path.repository, nowMs)
  requireCurrentCredential(call.caller, repository)
  requireWritable(repository)
  const { held, heldTags } = await requireReplaceable(transaction, repository.id, push)
  const sizes = await measureImage(context, push, transaction, repository.id)
  let repaired = false
  if (held === undefined) {
    const place = { rid: call.registry.rid, repository: call.path.repository, repositoryId: repository.id }
    const row = manifestRow(push, { repositoryId: repository.id, sizes, nowMs, by })
    await reservation.measure(transaction, place, () => insertManifest(transaction, row, referencesOf(push, row)))
  } else {
    await touchManifest(transaction, repository.id, digest, { nowMs, by })
    if (!isHeld) repaired = await repairManifest(transaction, repository.id, digest, push.bytes)
  }
  const left = heldTags.map((tag) => tag.manifest_digest).filter((other) => other !== digest)
  const change = { manifests: held === undefined ? 1 : 0, tags: tags.length - heldTags.length, nowMs, push: { by } }
  const sizeBytes = push.bytes.byteLength
  const detail = { digest, mediaType: manifest.mediaType, sizeBytes, tags, ...(repaired && { repaired }) }
  const below = call.path.reference.kind === 'tag' ? `:${call.path.reference.tag}` : `@${digest}`
  await together(transaction, [
    () => markUntagged(transaction, repository.id, left, nowMs),
    async () => tags.length > 0 && (await moveTags(transaction, repository.id, { tags, digest, nowMs, by })),
    () => recordChange(transaction, repository.id, change),
    () => recordTagMoves(transaction, repository.id, { tags, digest, held: heldTags, cause: push.cause, nowMs, by }),
    () => context.audit.record(transaction, changeEvent(call, 'manifest.push', below, detail)),
    async () =>
      attachment !== undefined &&
      (await queueReport(transaction, {
        ...attachment,
        repositoryId: repository.id,
        digest,
        nowMs,
        callerKey: call.caller.key,
        by,
      })),
  ])
}

/**
 * The manifest and the tags that the push replaces.
 *
 * @throws OciError MANIFEST_INVALID, CONFLICT or REGISTRY_DISALLOWED_OPERATION
 */
async function requireReplaceable(
  transaction: Transaction,
  repositoryId: string,
  { digest, tags, manifest, movesTags }: Push,
): Promise<{ readonly held: ListedManifest | undefined; readonly heldTags: readonly TagRow[] }> {
  const [held, heldTags] = await together(transaction, [
    () => findManifest(transaction, repositoryId, digest),
    () => findTags(transaction, repositoryId, tags),
    () => requireSwept(transaction, repositoryId),
  ])
  if (held !== undefined) requireWritable(held)
  if (held !== undefined && held.media_type !== manifest.mediaType) {
    throw new OciError('MANIFEST_INVALID', {
      message: `a manifest with this digest already has the media type ${held.media_type}`,
    })
  }
  requireWritable(...heldTags)
  if (!movesTags && heldTags[0] !== undefined) throw tagExists(heldTags[0].name)
  return { held, heldTags }
}

/** The error for an existing tag that must not be moved. */
export function tagExists(tag: string): OciError {
  const message = `the tag ${tag} already exists in target registry`
  return new OciError('CONFLICT', { message, detail: { Tag: tag } })
}

/** The size of a manifest with all content that it names. For an index, also the size of the largest platform. */
type ImageSizes = { readonly imageSizeBytes: number; readonly platformSizeBytes: number | null }

/**
 * Returns the size of the manifest with all content that it names. An index may name manifests that do not exist, because some clients copy
 * only some of the platforms. [OCI distribution-spec, Pushing Manifests]
 *
 * @throws OciError MANIFEST_BLOB_UNKNOWN if the repository lacks a required blob
 */
async function measureImage(
  context: ManifestContext,
  { bytes, manifest }: Push,
  transaction: Transaction,
  repositoryId: string,
): Promise<ImageSizes> {
  const blobs = blobDescriptors(manifest)
  const children = new Map(manifest.manifests.map((child) => [child.digest, child]))
  const blobSizes = await linkedBlobSizes(transaction, repositoryId, [...blobs.keys()])
  const childSizes = await childImageSizes(transaction, repositoryId, [...children.keys()])
  const missing = [...blobs.values()].filter(
    (blob) => !blobSizes.has(blob.digest) && !isNonDistributable(blob.mediaType),
  )
  const sparse = isSparse(manifest, blobSizes)
  if (missing.length > 0 && !(context.acceptsSparseImages && sparse))
    throw blobsUnknown(missing.map(({ digest }) => digest))
  let sizeBytes = bytes.byteLength
  for (const { digest, size } of blobs.values()) sizeBytes += blobSizes.get(digest) ?? size
  let largestBytes = 0
  for (const { digest, size } of children.values()) {
    const childBytes = childSizes.get(digest) ?? size
    sizeBytes += childBytes
    largestBytes = Math.max(largestBytes, childBytes)
  }
  const imageSizeBytes = Math.min(sizeBytes, Number.MAX_SAFE_INTEGER)
  return { imageSizeBytes, platformSizeBytes: children.size === 0 ? null : Math.min(largestBytes, imageSizeBytes) }
}

function blobsUnknown(digests: readonly Digest[]): OciError {
  const detail = { digest: digests[0], digests: digests.slice(0, maxNamedDigests) }
  return new OciError('MANIFEST_BLOB_UNKNOWN', { detail })
}

function manifestRow(
  { bytes, digest, manifest, platform }: Push,
  stored: Pick<Storing, 'nowMs' | 'by'> & { readonly repositoryId: string; readonly sizes: ImageSizes },
): ManifestRow {
  const { repositoryId, sizes, nowMs, by } = stored
  return {
    repository_id: repositoryId,
    digest,
    media_type: manifest.mediaType,
    size_bytes: bytes.byteLength,
    image_size_bytes: sizes.imageSizeBytes,
    config_media_type: manifest.config?.mediaType ?? null,
    architecture: platform.architecture,
    os: platform.os,
    artifact_type: manifest.artifactType ?? null,
    subject_digest: manifest.subject?.digest ?? null,
    annotations: manifest.referrerAnnotations,
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
    untagged_at_ms: null,
    deleted_at_ms: null,
    quarantined_at_ms: null,
    ...noLocks,
    content: bytes,
    platform_size_bytes: sizes.platformSizeBytes,
    pushed_at_ms: nowMs,
    ...pusherColumns(by),
  }
}

/** The blobs and manifests that a manifest names. */
function referencesOf(
  { manifest }: Push,
  { repository_id, digest: manifest_digest }: ManifestRow,
): ManifestReferenceRow[] {
  const reference = (kind: 'blob' | 'manifest', digest: Digest): ManifestReferenceRow => ({
    repository_id,
    manifest_digest,
    kind,
    digest,
  })
  const children = new Set(manifest.manifests.map((child) => child.digest))
  return [
    ...[...blobDescriptors(manifest).keys()].map((digest) => reference('blob', digest)),
    ...[...children].map((digest) => reference('manifest', digest)),
  ]
}

/** The tags to set. For a push by tag, this is the tag in the path. For a push by digest, these are the tags of the `tag` parameters. */
function requireTags({ path, query }: OciCall<'manifest'>): readonly Tag[] {
  if (path.reference.kind === 'tag') return [path.reference.tag]
  const texts = new Set(query.getAll('tag'))
  if (texts.size > maxTags) {
    throw new OciError('TAG_INVALID', { status: 414, message: `a manifest can be pushed with at most ${maxTags} tags` })
  }
  return [...texts].map((text) => {
    const tag = parseTag(text)
    if (tag === undefined) throw new OciError('TAG_INVALID', { message: 'this is not a tag', detail: { Tag: text } })
    return tag
  })
}

/** Returns undefined if the request has no such header. Two headers are rejected, because two readers might choose different headers. */
function requireContentType(request: IncomingMessage): string | undefined {
  const headers = request.headersDistinct['content-type']
  if (headers === undefined) return undefined
  const contentType = headers.length === 1 ? parseContentType(headers[0]) : undefined
  if (contentType === undefined) throw new OciError('MANIFEST_INVALID', { message: 'Content-Type is malformed' })
  return contentType
}

function requireManifestDigest({ path }: OciCall<'manifest'>, bytes: Uint8Array): Digest {
  if (path.reference.kind === 'tag') return manifestDigest('sha256', bytes)
  const { digest } = path.reference
  const actual = manifestDigest(digestAlgorithm(digest), bytes)
  if (actual !== digest) throw new OciError('DIGEST_INVALID', { detail: { digest, actual } })
  return digest
}
