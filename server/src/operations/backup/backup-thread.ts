import { parentPort, workerData } from 'node:worker_threads'
import type { Progress } from './model.ts'
import { StartupError } from '@acrux/shared/texts/startup-error.ts'
import { type BackupPlace, backUp } from './back-up.ts'

/*
 * A thread that makes one backup, so that the checks of the copied database delay no request.
 */

/** What the thread gets. */
export type BackupThreadStart = {
  readonly place: BackupPlace
  readonly directory: string
  /** The version of the program. */
  readonly version: string
}

/** What the thread sends. */
export type FromBackupThread =
  | ({ readonly kind: 'progress' } & Progress)
  | { readonly kind: 'completed'; readonly id: string }
  | { readonly kind: 'failed'; readonly message: string; readonly isForOperator: boolean }

/** How often the progress is sent. */
const progressMs = 250

const post = (message: FromBackupThread): void => parentPort?.postMessage(message)

async function run({ place, directory, version }: BackupThreadStart): Promise<void> {
  let sentAtMs = -Infinity
  const onProgress = (progress: Progress) => {
    if (performance.now() - sentAtMs < progressMs) return
    sentAtMs = performance.now()
    post({ kind: 'progress', ...progress })
  }
  try {
    // The requests of the server use the same few threads for files.
    const how = { passphrase: undefined, copiesAtATime: 1 } as const
    const { id } = await backUp(place, { ...how, directory, acrux: version, onProgress })
    post({ kind: 'completed', id })
  } catch (error) {
    const isForOperator = error instanceof StartupError
    post({
      kind: 'failed',
      message: isForOperator ? `${error.message}: ${error.nextStep}` : String(error),
      isForOperator,
    })
  }
}

void run(workerData as BackupThreadStart)
