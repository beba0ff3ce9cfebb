import { referenceText } from '../../standards/oci/reference.ts'
import { type OciCall, sendBytes, sendEmpty, writeHead } from '../surface/call.ts'
import { manifestUnknown } from '../surface/checked-path.ts'
import { entityTag, isHeldByClient } from '../surface/entity-tag.ts'
import { requireReadable } from '../repositories/locks.ts'
import { isManifestIntact, quarantineCorrupt } from '../integrity/manifest-integrity.ts'
import type { KeptManifest } from './manifest-cache.ts'
import type { ServedManifest, ServedManifestContent } from './manifest-store.ts'
import type { Parts } from '../parts.ts'
import { requireCurrentCredential, requireRepository } from '../repositories/repositories.ts'

/** The most bytes that are kept of a manifest; those of an image are a few thousand. */
const keptBytesLimit = 64 * 1024

/**
 * `GET` of a manifest by tag or digest: the bytes as they came, under the type they came with. `Accept` is not looked at:
 * there is one form of each manifest, and a client is told which. [OCI distribution-spec, Pulling manifests]
 *
 * @throws OciError MANIFEST_UNKNOWN, NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 * @throws CorruptContentError where the stored bytes have not its digest
 */
export function getManifest(parts: Parts, call: OciCall<'manifest'>): Promise<void> | void {
  const kept = findKept(parts, call)
  if (kept?.text === undefined) return readAndSend(parts, call, kept !== undefined)
  if (!mustBeSent(call, kept)) return
  notePull(parts, call, kept)
  writeHead(call, 200, headersOf(kept))
  call.response.end(kept.text, 'latin1')
}

/**
 * `HEAD` of a manifest: all headers of its `GET`. Clients do not push a manifest that is here, so one whose stored bytes
 * have not its digest is unknown from then on.
 *
 * @throws OciError as {@link getManifest}
 */
export function headManifest(parts: Parts, call: OciCall<'manifest'>): Promise<void> | void {
  const kept = findKept(parts, call)
  if (kept === undefined) return readAndSendHead(parts, call)
  sendHead(call, kept)
}

async function readAndSend(parts: Parts, call: OciCall<'manifest'>, isVerified: boolean): Promise<void> {
  const { registry, path } = call
  const generation = parts.manifestCache?.generation ?? 0
  const manifest = await readServed(parts, call)
  if (manifest === undefined || manifest.quarantined_at_ms !== null) return refuseMissing(parts, call)
  if (!isVerified && !isManifestIntact(manifest)) {
    throw await parts.integrity.refuseRead(manifest.digest, `${registry.loginServer}/${path.repository}`, 'digest')
  }
  keep(parts, call, generation, keptContent(manifest))
  if (!mustBeSent(call, manifest)) return
  notePull(parts, call, manifest)
  sendBytes(call, 200, manifest.content, headersOf(manifest))
}

function notePull({ lastPulls }: Parts, { registry, path }: OciCall<'manifest'>, { digest }: ServedManifest): void {
  lastPulls.note(registry.rid, path.repository, referenceText(path.reference), digest)
}

async function readAndSendHead(parts: Parts, call: OciCall<'manifest'>): Promise<void> {
  const generation = parts.manifestCache?.generation ?? 0
  const manifest = await readServed(parts, call)
  if (manifest === undefined || manifest.quarantined_at_ms !== null) return refuseMissing(parts, call)
  if (!isManifestIntact(manifest)) {
    await quarantine(parts, call, manifest)
    return refuseMissing(parts, call)
  }
  keep(parts, call, generation, keptContent(manifest))
  sendHead(call, manifest)
}

async function readServed(parts: Parts, call: OciCall<'manifest'>): Promise<ServedManifestContent | undefined> {
  const { rid } = call.registry
  const { reference, repository } = call.path
  return reference.kind === 'tag'
    ? parts.manifests.getByTag.first({ rid, repository, tag: reference.tag })
    : parts.manifests.getByDigest.first({ rid, repository, digest: reference.digest })
}

/** The answer does not depend on whether the quarantine could be written, as on a full disk. */
async function quarantine(
  parts: Parts,
  { registry, path }: OciCall<'manifest'>,
  { digest, content }: ServedManifestContent,
): Promise<void> {
  const { rid } = registry
  const repository = await parts.repositories.byName.first({ rid, name: path.repository })
  if (repository === undefined) return
  await quarantineCorrupt(parts, {
    repository_id: repository.id,
    digest,
    content,
    rid,
    repository: path.repository,
  }).catch((error: unknown) => parts.log.error({ err: error, digest }, 'failed to quarantine a corrupt manifest'))
}

function sendHead(call: OciCall<'manifest'>, manifest: ServedManifest): void {
  if (!mustBeSent(call, manifest)) return
  writeHead(call, 200, headersOf(manifest))
  call.response.end()
}

/** Whether the caller may have the manifest and does not have it yet; says so to one that has. */
function mustBeSent(call: OciCall<'manifest'>, manifest: ServedManifest): boolean {
  requireCurrentCredential(call.caller, manifest)
  requireReadable(manifest)
  if (manifest.repository_read_enabled === 0) requireReadable({ read_enabled: 0 })
  if (manifest.tag_read_enabled === 0) requireReadable({ read_enabled: 0 })
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

function findKept({ manifestCache }: Parts, { registry, path }: OciCall<'manifest'>): KeptManifest | undefined {
  return manifestCache?.find(registry.rid, path.repository, referenceText(path.reference))
}

function keep(
  { manifestCache }: Parts,
  { registry, path }: OciCall<'manifest'>,
  generation: number,
  manifest: KeptManifest,
): void {
  manifestCache?.keep(generation, registry.rid, path.repository, referenceText(path.reference), manifest)
}

function keptContent({ content, ...manifest }: ServedManifestContent): KeptManifest {
  const { buffer, byteOffset, byteLength } = content
  const text = byteLength > keptBytesLimit ? undefined : Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
  return { ...manifest, text }
}

async function refuseMissing(parts: Parts, call: OciCall<'manifest'>): Promise<never> {
  await requireRepository(parts, call)
  throw manifestUnknown(referenceText(call.path.reference))
}
