import { setImmediate as nextTurn } from 'node:timers/promises'
import { findProven } from '../../storage/index.ts'
import { digestHex } from '@acrux/shared/standards/oci/digest.ts'
import { type Manifest, ManifestInvalidError, parseManifest } from '@acrux/shared/standards/oci/manifest.ts'
import { isNonDistributable } from '@acrux/shared/standards/oci/media-type.ts'
import { readManifest } from '../manifests/manifest-store.ts'
import { blobDescriptors, isSparse } from '../manifests/image-blobs.ts'
import { chunked } from '../rows/piece-store.ts'
import { deleteUnnamed, findUnnamed, inBatches } from '../garbage/sweep-files.ts'
import { findCorruption, type RecordedBlob } from '../integrity/blob-integrity.ts'
import { recordVerified } from '../integrity/integrity-store.ts'
import { isManifestIntact, quarantineCorrupt } from '../integrity/manifest-integrity.ts'
import { addFinding, advance, type ScrubRun } from './scrub-run.ts'
import {
  heldDigests,
  listLinks,
  listRecordedBlobs,
  listStoredManifests,
  recordedReferences,
  type StoredManifest,
} from './scrub-store.ts'

/** How many blobs are read before their verification is recorded, unless that takes longer than `recordedAfterMs`. */
const blobsAtOnce = 100
const recordedAfterMs = 5000

/** Manifests are read with their bytes, up to 4 MiB each. */
const manifestsAtOnce = 8
const linksAtOnce = 500

/** Verifies every blob after a digest. */
export async function scrubBlobs(run: ScrubRun, after: string): Promise<void> {
  const { database } = run.context
  let verified: Verified[] = []
  let sinceMs = performance.now()
  for (let place = after; ;) {
    const blobs = await listRecordedBlobs(database, place, blobsAtOnce)
    for (const blob of blobs) {
      run.signal.throwIfAborted()
      if (await isSound(run, blob)) verified.push({ blob, atMs: run.context.clock.now() })
      run.progress.counts.blobs += 1
      place = blob.digest
      advance(run, 'blobs', Number.parseInt(digestHex(blob.digest).slice(0, 8), 16) / 2 ** 32)
      if (performance.now() - sinceMs < recordedAfterMs) continue
      await record(run, verified.splice(0), place)
      sinceMs = performance.now()
    }
    await record(run, verified, place)
    verified = []
    if (blobs.length < blobsAtOnce) return
    await nextTurn()
  }
}

type Verified = { readonly blob: RecordedBlob; readonly atMs: number }

async function record(run: ScrubRun, verified: readonly Verified[], place: string): Promise<void> {
  if (run.repair && verified.length > 0) {
    await run.context.database.transaction(async (transaction) => {
      for (const { blob, atMs } of verified) await recordVerified(transaction, blob, atMs)
    })
  }
  await run.reached('blobs', place)
}

/** Whether the bytes of a blob match its row. A blob that has been collected or replaced is not reported. */
async function isSound(run: ScrubRun, blob: RecordedBlob): Promise<boolean> {
  const { context } = run
  const pace = async (sizeBytes: number) => {
    run.progress.counts.bytes += sizeBytes
    await run.pace(sizeBytes)
    run.signal.throwIfAborted()
  }
  const stored = await findProven(context.blobs, blob.location)
  const reason =
    stored === undefined
      ? 'missing'
      : stored.sizeBytes === blob.size_bytes
        ? await findCorruption(context.blobs, blob, pace)
        : 'size'
  if (reason === undefined) return true
  const now = await context.blobReads.byDigest.first({ digest: blob.digest })
  if (now?.location !== blob.location) return false
  if (run.repair) await context.integrity.quarantine(blob, reason)
  addFinding(run, { kind: `blob-${reason}`, subject: blob.digest, place: blob.location, repaired: run.repair })
  return false
}

/** Verifies every manifest after a position, and that the blobs that it names exist. */
export async function scrubManifests(run: ScrubRun, after: string): Promise<void> {
  const [repositoryId = '', digest = ''] = after.split(' ')
  for (let place = { repositoryId, digest }; ;) {
    const manifests = await listStoredManifests(run.context.database, place, manifestsAtOnce)
    for (const manifest of manifests) {
      run.signal.throwIfAborted()
      await scrubManifest(run, manifest)
      run.progress.counts.manifests += 1
      await run.pace(manifest.content.byteLength)
      place = { repositoryId: manifest.repository_id, digest: manifest.digest }
    }
    advance(run, 'manifests', Number.parseInt(place.repositoryId.slice(0, 8), 16) / 2 ** 32 || 0)
    if (manifests.length < manifestsAtOnce) return
    await run.reached('manifests', `${place.repositoryId} ${place.digest}`)
    await nextTurn()
  }
}

async function scrubManifest(run: ScrubRun, manifest: StoredManifest): Promise<void> {
  const { digest, repository } = manifest
  if (!isManifestIntact(manifest)) {
    const now = await readManifest(run.context.database, manifest.repository_id, digest)
    // It has been deleted, or replaced by a push.
    if (now === undefined || isManifestIntact(now)) return
    if (run.repair) await quarantineCorrupt(run.context, manifest)
    addFinding(run, { kind: 'manifest-digest', subject: digest, place: repository, repaired: run.repair })
    return
  }
  const parsed = parseStored(manifest)
  if (parsed === undefined) return
  const blobs = [...blobDescriptors(parsed).values()]
  const recorded = await recordedReferences(run.context.database, manifest)
  const unrecorded = new Set(
    [...blobs, ...parsed.manifests].map((named) => named.digest).filter((target) => !recorded.has(target)),
  )
  // The children of an index and non-distributable layers may be in other registries.
  const required = blobs.filter((blob) => !isNonDistributable(blob.mediaType)).map((blob) => blob.digest)
  const held = new Set<string>()
  for (const chunk of chunked(required)) {
    for (const target of await heldDigests(run.context.database, manifest.repository_id, chunk)) held.add(target)
  }
  const mayLack = run.context.acceptsSparseImages && isSparse(parsed, held)
  const unheld = mayLack ? [] : required.filter((target) => !held.has(target))
  if (unrecorded.size === 0 && unheld.length === 0) return
  if ((await readManifest(run.context.database, manifest.repository_id, digest)) === undefined) return
  const place = `${repository}@${digest}`
  for (const subject of unrecorded) {
    addFinding(run, { kind: 'manifest-reference-row', subject, place, repaired: false })
  }
  for (const subject of unheld) addFinding(run, { kind: 'manifest-reference', subject, place, repaired: false })
}

/** Undefined for a manifest that an older version accepted and this one rejects; its references are unknown. */
function parseStored({ content, media_type: mediaType }: StoredManifest): Manifest | undefined {
  try {
    return parseManifest(content, mediaType)
  } catch (error) {
    if (error instanceof ManifestInvalidError) return undefined
    throw error
  }
}

/** Finds repositories that hold a blob without a row. */
export async function scrubLinks(run: ScrubRun, after: string): Promise<void> {
  const [digest = '', repositoryId = ''] = after.split(' ')
  for (let place = { digest, repositoryId }; ;) {
    run.signal.throwIfAborted()
    const links = await listLinks(run.context.database, place, linksAtOnce)
    for (const link of links.filter(({ blob }) => blob === null)) {
      addFinding(run, { kind: 'blob-without-row', subject: link.digest, place: link.repository_id, repaired: false })
    }
    const last = links.at(-1)
    if (last === undefined || links.length < linksAtOnce) return
    place = { digest: last.digest, repositoryId: last.repository_id }
    await run.reached('links', `${place.digest} ${place.repositoryId}`)
    await nextTurn()
  }
}

/** Finds files without a row that cannot get a row any more. A repair removes them. Staged uploads are not checked. */
export async function scrubFiles(run: ScrubRun): Promise<void> {
  const { context, repair } = run
  for await (const locations of inBatches(context.blobs.list())) {
    run.signal.throwIfAborted()
    run.progress.counts.files += locations.length
    const unnamed = await findUnnamed(context, locations)
    const deleted = repair ? await deleteUnnamed(context, unnamed) : []
    const removed = new Set(deleted.map(({ location }) => location))
    for (const location of unnamed) {
      const digest = location.slice(0, location.lastIndexOf('.'))
      addFinding(run, { kind: 'file-without-row', subject: digest, place: location, repaired: removed.has(location) })
    }
    await nextTurn()
  }
}
