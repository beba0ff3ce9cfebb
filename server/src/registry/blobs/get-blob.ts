import { type ByteRange, parseByteRange } from '@acrux/shared/standards/http/byte-range.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { BlobMissingError, findProven, type OpenBlob } from '../../storage/index.ts'
import type { BlobContext } from './context.ts'
import { type HeldBlob, renewGracePeriod } from './blob-store.ts'
import { type OciCall, sendEmpty, writeHead } from '../protocol/call.ts'
import { type RegistryHeaders, OciError } from '../protocol/errors.ts'
import { entityTag, isHeldByClient } from '../protocol/entity-tag.ts'
import { type ContentPlace, placeOfPath } from '../repositories/content-cache.ts'
import { requireReadable } from '../repositories/locks.ts'
import { currentWork, requireStanding } from '../../platform/process/authorized-work.ts'
import { ClientGoneError } from '../protocol/read-body.ts'
import { requireCurrentCredential } from '../repositories/repositories.ts'

/** The time for which a URL of a blob in the store is valid. The time is long enough to begin a slow download. */
const urlSeconds = 300

/**
 * `HEAD` of a blob. A client that finds a blob may skip the push of the blob. So the server renews the grace period and checks the bytes. A
 * client does not find a lost or corrupt blob, and pushes it again. [OCI distribution-spec, Checking if content exists in the registry]
 *
 * @throws OciError BLOB_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function headBlob(context: BlobContext, call: OciCall<'blob'>): Promise<void> {
  const { digest } = call.path
  const blob = await requireHeld(context, call)
  const isPresent = await context.integrity.isPresent(blob)
  await requireStanding()
  if (!isPresent || !(await keepLease(context, call, blob))) throw blobUnknown(digest)
  if (isHeldByClient(call.request, digest)) {
    sendEmpty(call, 304, namingHeaders(digest))
    return
  }
  writeHead(call, 200, { ...contentHeaders(digest), 'content-length': blob.size_bytes })
  call.response.end()
}

/**
 * `GET` of a blob, or of one range of it, or a redirect to the blob in the store. [OCI distribution-spec, Pulling blobs; RFC
 * 9110 §14]
 *
 * @throws OciError BLOB_UNKNOWN, RANGE_INVALID or REGISTRY_DISALLOWED_OPERATION
 * @throws ClientGoneError, CorruptContentError
 */
export async function getBlob(context: BlobContext, call: OciCall<'blob'>): Promise<void> {
  const { request, path } = call
  const blob = await requireHeld(context, call)
  if (isHeldByClient(request, path.digest)) {
    sendEmpty(call, 304, namingHeaders(path.digest))
    return
  }
  const url = isWantedHere(request, blob) ? undefined : await storeUrl(context, blob)
  if (url !== undefined) {
    sendEmpty(call, 307, { location: url, 'cache-control': 'no-store', 'docker-content-digest': path.digest })
    return
  }
  const range = requestedRange(call, blob.size_bytes)
  if (range.kind === 'unsatisfiable') {
    throw new OciError('RANGE_INVALID', { headers: { 'content-range': `bytes */${blob.size_bytes}` } })
  }
  const opened = await openForCaller(context, call, blob, range)
  if (range.kind === 'whole') {
    writeHead(call, 200, { ...contentHeaders(path.digest), 'content-length': blob.size_bytes })
  } else {
    writeHead(call, 206, {
      ...contentHeaders(path.digest),
      'content-length': range.end - range.start + 1,
      'content-range': `bytes ${range.start}-${range.end}/${blob.size_bytes}`,
    })
  }
  await send(call, opened)
}

/**
 * The maximum size of a blob that a client may read from this server although reads are redirected. A configuration has a few kilobytes.
 */
const maxInlineBytes = 4 * 1024 * 1024

/**
 * Whether the client asks for the bytes of a small blob instead of a redirect, with `X-Acrux-Redirect: no`. A page of the portal cannot
 * read from the store, because the store has another origin.
 */
function isWantedHere({ headers }: OciCall<'blob'>['request'], { size_bytes: sizeBytes }: HeldBlob): boolean {
  return headers['x-acrux-redirect'] === 'no' && sizeBytes <= maxInlineBytes
}

/**
 * The URL of an intact blob in the store, if reads are redirected. Anyone who has the URL can read the blob until the URL expires, even
 * after the permission of the caller is revoked.
 */
async function storeUrl({ blobs, integrity, settings }: BlobContext, blob: HeldBlob): Promise<string | undefined> {
  if (!settings.redirectsReads || blobs.signedUrl === undefined || !(await integrity.isPresent(blob))) return undefined
  // The verification of the bytes may have taken minutes.
  await requireStanding()
  return blobs.signedUrl(blob.location, { seconds: urlSeconds })
}

/** Sends the bytes. If the permission of the caller is revoked during the transfer, the connection is closed. */
async function send({ response }: OciCall<'blob'>, opened: OpenBlob): Promise<void> {
  using _watch = currentWork()?.watch(() => response.destroy())
  try {
    await opened.sendTo(response)
  } catch (error) {
    throw response.destroyed
      ? new ClientGoneError('the client disconnected during the response', { cause: error })
      : error
  }
  response.end()
}

/** Opens the bytes. If the caller waited for the verification of the bytes, the caller is authorized again. */
async function openForCaller(...given: Parameters<typeof open>): Promise<OpenBlob> {
  const opened = await open(...given)
  try {
    await requireStanding()
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

/**
 * Opens the bytes after comparing them with the row. Garbage collection may have deleted the blob, or a push may have replaced it, since
 * the row was read. So the row is read again if the bytes are missing.
 */
async function open(
  context: BlobContext,
  call: OciCall<'blob'>,
  blob: HeldBlob,
  range: Exclude<ByteRange, { kind: 'unsatisfiable' }>,
): Promise<OpenBlob> {
  try {
    return await openIntact(context, blob, range)
  } catch (error) {
    if (!(error instanceof BlobMissingError)) throw error
    context.heldBlobs?.delete(placeOf(call))
    const now = await requireHeld(context, call)
    const isElsewhere = now.location !== blob.location
    if (isElsewhere || (await findProven(context.blobs, now.location)) !== undefined) {
      return openIntact(context, now, range)
    }
    throw await context.integrity.denyRead(blob.digest, blob.location, 'missing')
  }
}

/** @throws CorruptContentError if the size differs; OciError BLOB_UNKNOWN if the bytes were changed and are corrupt */
async function openIntact(
  context: BlobContext,
  blob: HeldBlob,
  range: Exclude<ByteRange, { kind: 'unsatisfiable' }>,
): Promise<OpenBlob> {
  const { integrity } = context
  const part = range.kind === 'whole' ? undefined : { start: range.start, end: range.end }
  const opened = await context.blobs.open(blob.location, part)
  if (opened.stored.sizeBytes !== blob.size_bytes) {
    await opened.close()
    throw await integrity.denyRead(blob.digest, blob.location, 'size')
  }
  if (!integrity.isSuspect(blob, opened.stored)) return opened
  await opened.close()
  if (!(await integrity.verify(blob))) throw blobUnknown(blob.digest)
  return context.blobs.open(blob.location, part)
}

/** A range with `If-Range` applies only if the content is unchanged. [RFC 9110 §13.1.5] */
function requestedRange({ request, path }: OciCall<'blob'>, sizeBytes: number): ByteRange {
  const condition = request.headers['if-range']
  const applies = condition === undefined || condition === entityTag(path.digest)
  return parseByteRange(applies ? request.headers.range : undefined, sizeBytes)
}

/** Writes only if less than half of the grace period is left, because HEAD requests are much more frequent than expiring grace periods. */
async function keepLease(context: BlobContext, call: OciCall<'blob'>, blob: HeldBlob): Promise<boolean> {
  const nowMs = context.clock.now()
  const { gracePeriodMs } = context.settings
  if (blob.grace_until_ms - nowMs > gracePeriodMs / 2) return true
  context.heldBlobs?.delete(placeOf(call))
  return context.database.transaction((transaction) =>
    renewGracePeriod(transaction, blob.repository_id, blob.digest, nowMs + gracePeriodMs),
  )
}

/**
 * The blob that a call names, in the repository of the call.
 *
 * @throws OciError BLOB_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 * @throws OutdatedCredentialError
 */
async function requireHeld(context: BlobContext, call: OciCall<'blob'>): Promise<HeldBlob> {
  const { registry, path, caller } = call
  const place = placeOf(call)
  const revision = context.heldBlobs?.revisionOf(place)
  const cached = context.heldBlobs?.get(place)
  const { rid, repository } = place
  const blob = cached ?? (await context.blobReads.held.first({ rid, repository, digest: path.digest }))
  if (blob === undefined) {
    const repository = await context.repositories.byName.first({ rid: registry.rid, name: path.repository })
    if (repository !== undefined) requireCurrentCredential(caller, repository)
    throw blobUnknown(path.digest)
  }
  requireCurrentCredential(caller, blob)
  requireReadable(blob)
  if (blob.quarantined_at_ms !== null) {
    const isBack = await context.integrity.hasReturned(blob)
    const now = isBack ? await context.blobReads.held.first({ rid, repository, digest: path.digest }) : undefined
    if (now === undefined || now.quarantined_at_ms !== null) throw blobUnknown(path.digest)
    return now
  }
  if (cached === undefined) context.heldBlobs?.set(revision, place, blob)
  return blob
}

function placeOf({ registry, path }: OciCall<'blob'>): ContentPlace {
  return placeOfPath(registry.rid, path, path.digest)
}

/** The error for a blob that the repository does not contain. The error is the same if another repository contains the blob. */
export function blobUnknown(digest: Digest): OciError {
  return new OciError('BLOB_UNKNOWN', { detail: { digest } })
}

function namingHeaders(digest: Digest): RegistryHeaders {
  return { 'docker-content-digest': digest, etag: entityTag(digest) }
}

function contentHeaders(digest: Digest): RegistryHeaders {
  return { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes', ...namingHeaders(digest) }
}
