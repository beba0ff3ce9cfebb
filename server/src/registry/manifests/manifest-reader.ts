import type { CallerBudget } from '../../platform/caller-budget.ts'
import { WorkerThread } from '../../platform/worker-thread.ts'
import { type Manifest, ManifestInvalidError, parseManifest } from '../../spec/manifest.ts'

/** A manifest as it is stored. Only manifests with a subject are listed with their annotations, which are JSON here. */
export type ReadManifest = Omit<Manifest, 'annotations'> & { readonly referrerAnnotations: string | null }

/** The bytes of a manifest and the bare media type that they were sent as. */
export type ManifestQuestion = { readonly bytes: Uint8Array; readonly contentType: string | undefined }

/** What a thread read, or why it is not a manifest. */
export type ManifestAnswer = { readonly usedMs: number } & (
  { readonly manifest: ReadManifest } | { readonly invalid: string }
)

/** The main thread reads a manifest of this size in about a millisecond, and one of 4 MiB in 60. */
const smallBytes = 64 * 1024
const idleMs = 60_000
const thread = new WorkerThread<ManifestQuestion, ManifestAnswer>(
  new URL('./manifest-reader-worker.ts', import.meta.url),
  idleMs,
)

/**
 * Reads a manifest; a large one on another thread, whose time the caller is charged.
 *
 * @throws ManifestInvalidError
 */
export async function readManifest(question: ManifestQuestion, budget?: CallerBudget): Promise<ReadManifest> {
  if (question.bytes.byteLength <= smallBytes) return readHere(question)
  const answer = await thread.ask(question)
  budget?.charge(answer.usedMs)
  if ('invalid' in answer) throw new ManifestInvalidError(answer.invalid)
  return answer.manifest
}

/**
 * Reads a manifest on the calling thread.
 *
 * @throws ManifestInvalidError
 */
export function readHere({ bytes, contentType }: ManifestQuestion): ReadManifest {
  const { annotations, ...manifest } = parseManifest(bytes, contentType)
  const isListed = manifest.subject !== undefined && Object.keys(annotations).length > 0
  return { ...manifest, referrerAnnotations: isListed ? JSON.stringify(annotations) : null }
}
