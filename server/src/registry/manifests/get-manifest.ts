import { isView } from '../../platform/http/viewing.ts'
import { requireStanding } from '../../platform/process/authorized-work.ts'
import { MainThreadOnlyError } from '../../platform/process/main-thread-only.ts'
import { referenceText } from '@acrux/shared/standards/oci/reference.ts'
import {
  type HeaderLines,
  type OciCall,
  headerLines,
  sendBytes,
  sendEmpty,
  writeHeaderLines,
} from '../protocol/call.ts'
import { manifestUnknown } from '../protocol/checked-path.ts'
import { requireAccepted } from '../protocol/acr-rules.ts'
import { entityTag, isHeldByClient } from '../protocol/entity-tag.ts'
import { disallowed, requireReadable } from '../repositories/locks.ts'
import { isManifestIntact, quarantineCorrupt } from '../integrity/manifest-integrity.ts'
import { type ContentPlace, contentPlace, placeOfPath } from '../repositories/content-cache.ts'
import type { CachedManifest, ServedManifest, ServedManifestContent } from './manifest-store.ts'
import type { ManifestContext } from './context.ts'
import { changeEvent, requireCurrentCredential, requireRepository } from '../repositories/repositories.ts'

/**
 * The maximum size of a manifest that is cached with its bytes. A larger manifest is cached without its bytes. The manifest of an image has
 * a few thousand bytes.
 */
const maxCachedBytes = 64 * 1024

/**
 * `GET` of a manifest by tag or digest: the bytes and media type that were pushed. `Accept` is ignored, because each manifest has only one
 * form, except with `compatibility: acr`. [OCI distribution-spec, Pulling manifests]
 *
 * @throws OciError MANIFEST_UNKNOWN, NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 * @throws CorruptContentError if the stored bytes do not match the digest of the manifest
 */
export async function getManifest(context: ManifestContext, call: OciCall<'manifest'>): Promise<void> {
  const cached = findCached(context, call) ?? (await findTagged(context, call))
  if (cached?.text === undefined) return readAndSend(context, call, cached !== undefined)
  if (!mustBeSent(call, cached)) return
  if (isView(call.request)) await recordView(context, call, cached)
  else recordPull(context, call, cached)
  writeHeaderLines(call, 200, cached.headers)
  call.response.end(cached.text, 'latin1')
}

/**
 * `HEAD` of a manifest returns all headers of the `GET` of the manifest. Clients do not push a manifest that exists, so a corrupt manifest
 * is quarantined, and clients do not find it.
 *
 * @throws OciError as {@link getManifest}
 */
export async function headManifest(context: ManifestContext, call: OciCall<'manifest'>): Promise<void> {
  const cached = findCached(context, call) ?? (await findTagged(context, call))
  if (cached === undefined) return readAndSendHead(context, call)
  sendHead(call, cached, cached.headers)
}

async function readAndSend(context: ManifestContext, call: OciCall<'manifest'>, isVerified: boolean): Promise<void> {
  const { registry, path } = call
  const revision = context.manifestCache.revisionOf(placeOf(call))
  const manifest = await readServed(context, call)
  if (manifest === undefined || manifest.quarantined_at_ms !== null) return denyMissing(context, call)
  if (!isVerified && !isManifestIntact(manifest)) {
    throw await context.integrity.denyRead(manifest.digest, `${registry.loginServer}/${path.repository}`, 'digest')
  }
  keep(context, call, revision, manifest)
  if (!mustBeSent(call, manifest)) return
  if (isView(call.request)) await recordView(context, call, manifest)
  else recordPull(context, call, manifest)
  sendBytes(call, 200, manifest.content, headersOf(manifest))
}

function recordPull(
  { lastPulls }: ManifestContext,
  { registry, path }: OciCall<'manifest'>,
  { digest }: ServedManifest,
): void {
  lastPulls.record(registry.rid, path.repository, referenceText(path.reference), digest)
}

/**
 * A person who looks at a manifest in the portal does not pull an image. The person is authorized again, because a permission may have been
 * revoked while the audit event was written.
 */
async function recordView(
  { audit }: ManifestContext,
  call: OciCall<'manifest'>,
  { digest }: ServedManifest,
): Promise<void> {
  await audit.append(changeEvent(call, 'manifest.view', `@${digest}`))
  await requireStanding()
}

async function readAndSendHead(context: ManifestContext, call: OciCall<'manifest'>): Promise<void> {
  const revision = context.manifestCache.revisionOf(placeOf(call))
  const manifest = await readServed(context, call)
  if (manifest === undefined || manifest.quarantined_at_ms !== null) return denyMissing(context, call)
  if (!isManifestIntact(manifest)) {
    await quarantine(context, call, manifest)
    return denyMissing(context, call)
  }
  keep(context, call, revision, manifest)
  sendHead(call, manifest, headerLines(headersOf(manifest)))
}

async function readServed(
  context: ManifestContext,
  call: OciCall<'manifest'>,
): Promise<ServedManifestContent | undefined> {
  const { rid } = call.registry
  const { reference, repository } = call.path
  return reference.kind === 'tag'
    ? context.manifests.getByTag.first({ rid, repository, tag: reference.tag })
    : context.manifests.getByDigest.first({ rid, repository, digest: reference.digest })
}

/** If the quarantine cannot be written, such as on a full disk, the response is the same. */
async function quarantine(
  context: ManifestContext,
  { registry, path }: OciCall<'manifest'>,
  { digest, content }: ServedManifestContent,
): Promise<void> {
  const { rid } = registry
  const repository = await context.repositories.byName.first({ rid, name: path.repository })
  if (repository === undefined) return
  await quarantineCorrupt(context, {
    repository_id: repository.id,
    digest,
    content,
    rid,
    repository: path.repository,
  }).catch((error: unknown) => {
    if (error instanceof MainThreadOnlyError) throw error
    context.log.error({ err: error, digest }, 'failed to quarantine a corrupt manifest')
  })
}

function sendHead(call: OciCall<'manifest'>, manifest: ServedManifest, headers: HeaderLines): void {
  if (!mustBeSent(call, manifest)) return
  writeHeaderLines(call, 200, headers)
  call.response.end()
}

/**
 * Checks that the caller may read the manifest, and answers a client that already has the manifest. Returns whether the manifest must be
 * sent.
 */
function mustBeSent(call: OciCall<'manifest'>, manifest: ServedManifest): boolean {
  requireCurrentCredential(call.caller, manifest)
  requireReadable(manifest)
  if (manifest.repository_read_enabled === 0 || manifest.tag_read_enabled === 0) {
    throw disallowed('the repository or the tag is locked: readEnabled is false')
  }
  if (call.registry.compatibility === 'acr') requireAccepted(call.request.headers.accept, manifest.media_type)
  if (!isHeldByClient(call.request, manifest.digest)) return true
  sendEmpty(call, 304, { 'docker-content-digest': manifest.digest, etag: entityTag(manifest.digest) })
  return false
}

function headersOf({ media_type, size_bytes, digest }: ServedManifest) {
  return {
    'content-type': media_type,
    'content-length': size_bytes,
    'docker-content-digest': digest,
    etag: entityTag(digest),
  }
}

/** Returns a cached manifest. If tags are not cached, finds the manifest only by its digest. */
function findCached({ manifestCache }: ManifestContext, call: OciCall<'manifest'>): CachedManifest | undefined {
  const isByName = manifestCache.hasTags || call.path.reference.kind === 'digest'
  return isByName ? manifestCache.get(placeOf(call)) : undefined
}

/**
 * If tags are not cached, returns the manifest of a tag if the bytes of the manifest are cached. Reads only the row of the tag, and no
 * bytes.
 */
async function findTagged(context: ManifestContext, call: OciCall<'manifest'>): Promise<CachedManifest | undefined> {
  const { manifestCache, manifests } = context
  const { reference } = call.path
  if (manifestCache.hasTags || reference.kind === 'digest') return undefined
  const { rid, repository } = placeOf(call)
  const row = await manifests.findByTag.first({ rid, repository, tag: reference.tag })
  if (row === undefined || row.quarantined_at_ms !== null) return denyMissing(context, call)
  const cached = manifestCache.get(contentPlace(rid, repository, row.digest))
  return cached && { ...row, text: cached.text, headers: cached.headers }
}

function keep(
  { manifestCache }: ManifestContext,
  call: OciCall<'manifest'>,
  revision: number | undefined,
  manifest: ServedManifestContent,
): void {
  const place = placeOf(call)
  const cached = cacheable(manifest)
  if (manifestCache.hasTags) manifestCache.set(revision, place, cached)
  else {
    const byDigest = contentPlace(place.rid, place.repository, manifest.digest)
    manifestCache.set(revision, byDigest, { ...cached, tag_read_enabled: 1 })
  }
}

function placeOf({ registry, path }: OciCall<'manifest'>): ContentPlace {
  return placeOfPath(registry.rid, path, referenceText(path.reference))
}

function cacheable({ content, ...manifest }: ServedManifestContent): CachedManifest {
  const { buffer, byteOffset, byteLength } = content
  const text = byteLength > maxCachedBytes ? undefined : Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
  return { ...manifest, text, headers: headerLines(headersOf(manifest)) }
}

async function denyMissing(context: ManifestContext, call: OciCall<'manifest'>): Promise<never> {
  await requireRepository(context, call)
  throw manifestUnknown(referenceText(call.path.reference))
}
