import type { CallerBudget } from '../../platform/limits/caller-budget.ts'
import { WorkerThread } from '../../platform/process/worker-thread.ts'
import { ManifestInvalidError } from '@acrux/shared/standards/oci/manifest.ts'
import { type ParsedManifest, type ManifestQuestion, type ManifestAnswer, readHere } from './read-here.ts'

/**
 * The maximum size of a manifest that the main thread parses. The main thread parses a manifest of this size in about 1 ms, and a manifest
 * of 4 MiB in 60 ms.
 */
const smallBytes = 64 * 1024

const idleMs = 60_000

const thread = new WorkerThread<ManifestQuestion, ManifestAnswer>(
  new URL('./manifest-reader-worker.ts', import.meta.url),
  idleMs,
)

/**
 * Parses a manifest. Another thread parses a large manifest, and its time is charged to the caller.
 *
 * @throws ManifestInvalidError
 */
export async function readManifest(question: ManifestQuestion, budget?: CallerBudget): Promise<ParsedManifest> {
  if (question.bytes.byteLength <= smallBytes) return readHere(question)
  const answer = await thread.ask(question)
  budget?.charge(answer.usedMs)
  if ('invalid' in answer) throw new ManifestInvalidError(answer.invalid)
  return answer.manifest
}
