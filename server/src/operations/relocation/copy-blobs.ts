import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { forEachOf } from '../../platform/process/for-each-of.ts'
import type { StoredBlobRow } from '../../registry/index.ts'
import {
  BlobMissingError,
  type BlobLocation,
  type BlobStore,
  BrokenSourceError,
  findProven,
} from '../../storage/index.ts'
import { DamagedBlobError, TargetDamagedError } from './errors.ts'
import type { VerifiedBlobs } from './verified-blobs.ts'

export type BlobCopy = {
  readonly from: BlobStore
  readonly to: BlobStore
  readonly verified: VerifiedBlobs
  /** The blobs to which the rows of the source refer. */
  readonly blobs: () => AsyncIterable<StoredBlobRow>
  /** The function calls this callback with the number of bytes that it copied or found. */
  readonly onBytes: (count: number) => void
}

/** A blob that was not copied because its bytes are missing or corrupt in the source. */
export type BlobProblem = { readonly digest: string; readonly problem: 'missing' | 'corrupt' }

/** The number of blobs that are copied at the same time. */
const copiesAtATime = 6

/**
 * Copies the blobs that the target lacks. Compares each blob with its digest during the copy, and reads the copied blob back. Returns the
 * blobs that are missing or corrupt in the source. The function can be interrupted and repeated at any time.
 */
export async function copyBlobs(copy: BlobCopy): Promise<BlobProblem[]> {
  const problems: BlobProblem[] = []
  await forEachOf(copy.blobs(), copiesAtATime, async (row) => {
    if (copy.verified.has(row.location)) return copy.onBytes(row.sizeBytes)
    const problem = await copyBlob(copy, row)
    if (problem === undefined) await copy.verified.add(row.location)
    else problems.push({ digest: row.digest, problem })
  })
  return problems
}

/** Deletes the copies of blobs that were deleted in the source during the copy. */
export async function deleteUnnamed({ to, verified, blobs }: BlobCopy): Promise<void> {
  const unnamed = new Set(verified.all())
  for await (const { location } of blobs()) unnamed.delete(location)
  for (const location of unnamed) await to.delete(location)
}

/**
 * @throws DamagedBlobError for the first blob that cannot be moved. Quarantined blobs are exempt, because clients do not expect these
 * blobs.
 */
export function requireAll(problems: readonly BlobProblem[], quarantined: ReadonlySet<string>): void {
  const [first] = problems.filter(({ digest }) => !quarantined.has(digest))
  if (first !== undefined) throw new DamagedBlobError(first.digest, first.problem)
}

async function copyBlob(copy: BlobCopy, row: StoredBlobRow): Promise<BlobProblem['problem'] | undefined> {
  const { location, sizeBytes } = row
  const present = await copy.to.find(location)
  if (present?.sizeBytes === sizeBytes && (await isIntact(copy.to, row))) {
    copy.onBytes(sizeBytes)
    return undefined
  }
  if (present !== undefined) await copy.to.delete(location)
  const problem = await transfer(copy, row)
  if (problem === undefined && !(await isIntact(copy.to, row))) throw new TargetDamagedError(row.digest)
  return problem
}

async function transfer({ from, to, onBytes }: BlobCopy, { digest, location }: StoredBlobRow) {
  let source: Readable
  try {
    source = await from.read(location)
  } catch (error) {
    if (error instanceof BlobMissingError && (await findProven(from, location)) === undefined) return 'missing'
    throw error
  }
  try {
    await to.putAt(location, Readable.from(verifiedChunks(source, digest, onBytes), { objectMode: false }))
    return undefined
  } catch (error) {
    const cause = error instanceof BrokenSourceError ? error.cause : error
    if (cause instanceof CorruptSourceError) return 'corrupt'
    throw cause
  } finally {
    source.destroy()
  }
}

/** The bytes of a source do not match their digest. */
class CorruptSourceError extends Error {
  override readonly name = 'CorruptSourceError'
}

/** Forwards bytes. At the end, the function fails if the bytes do not match the digest, so that no incomplete copy is stored. */
async function* verifiedChunks(source: Readable, digest: string, onBytes: (count: number) => void) {
  const [algorithm = '', hex] = digest.split(':')
  const hash = createHash(algorithm)
  for await (const chunk of source) {
    hash.update(chunk as Buffer)
    onBytes((chunk as Buffer).length)
    yield chunk as Buffer
  }
  if (hash.digest('hex') !== hex) throw new CorruptSourceError('the bytes do not match the digest')
}

async function isIntact(store: BlobStore, { digest, location }: { digest: string; location: BlobLocation }) {
  const [algorithm = '', hex] = digest.split(':')
  const hash = createHash(algorithm)
  for await (const chunk of await store.read(location)) hash.update(chunk as Buffer)
  return hash.digest('hex') === hex
}
