import { manifestUnknown } from './checked-path.ts'
import { type OciCall, sendBytes, sendEmpty, writeHead } from './call.ts'
import { entityTag, isHeldByClient } from './entity-tag.ts'
import { requireReadable } from './locks.ts'
import type { ServedManifest } from './manifest-store.ts'
import type { Parts } from './parts.ts'
import { requireCurrentCredential, requireRepository } from './repositories.ts'

/**
 * `GET` of a manifest by tag or digest: the bytes as they came, under the type they came with. `Accept` is not looked at:
 * there is one form of each manifest, and a client is told which. [OCI distribution-spec, Pulling manifests]
 *
 * @throws OciError MANIFEST_UNKNOWN, NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function getManifest(parts: Parts, call: OciCall<'manifest'>): Promise<void> {
  const { registry, path } = call
  const { reference, repository } = path
  const manifest = await (reference.kind === 'tag'
    ? parts.manifests.getByTag.first({ rid: registry.rid, repository, tag: reference.tag })
    : parts.manifests.getByDigest.first({ rid: registry.rid, repository, digest: reference.digest }))
  if (manifest === undefined) return refuseMissing(parts, call)
  requireServable(call, manifest)
  if (isHeldByClient(call.request, manifest.digest)) sendEmpty(call, 304, namingHeaders(manifest))
  else sendBytes(call, 200, manifest.content, { 'content-type': manifest.media_type, ...namingHeaders(manifest) })
}

/**
 * `HEAD` of a manifest: all headers of its `GET`, and its bytes are not read.
 *
 * @throws OciError as {@link getManifest}
 */
export async function headManifest(parts: Parts, call: OciCall<'manifest'>): Promise<void> {
  const { registry, path } = call
  const { reference, repository } = path
  const manifest = await (reference.kind === 'tag'
    ? parts.manifests.headByTag.first({ rid: registry.rid, repository, tag: reference.tag })
    : parts.manifests.headByDigest.first({ rid: registry.rid, repository, digest: reference.digest }))
  if (manifest === undefined) return refuseMissing(parts, call)
  requireServable(call, manifest)
  if (isHeldByClient(call.request, manifest.digest)) {
    sendEmpty(call, 304, namingHeaders(manifest))
    return
  }
  writeHead(call, 200, {
    'content-type': manifest.media_type,
    'content-length': manifest.size_bytes,
    ...namingHeaders(manifest),
  })
  call.response.end()
}

function namingHeaders({ digest }: ServedManifest) {
  return { 'docker-content-digest': digest, etag: entityTag(digest) }
}

function requireServable(call: OciCall<'manifest'>, manifest: ServedManifest): void {
  requireCurrentCredential(call.caller, manifest)
  requireReadable(
    manifest,
    { read_enabled: manifest.repository_read_enabled },
    { read_enabled: manifest.tag_read_enabled },
  )
}

async function refuseMissing(parts: Parts, call: OciCall<'manifest'>): Promise<never> {
  await requireRepository(parts, call)
  const { reference } = call.path
  throw manifestUnknown(reference.kind === 'tag' ? reference.tag : reference.digest)
}
