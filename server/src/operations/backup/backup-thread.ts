import { parentPort, workerData } from 'node:worker_threads'
import type { Progress } from './model.ts'
import { StartupError } from '@acrux/shared/texts/startup-error.ts'
import { type BackupPlace, backUp } from './back-up.ts'

/*
 * A thread that makes one backup, so that the checks of the copied database delay no request.
 */

/** The data that the thread receives. */
export type BackupThreadStart = {
  readonly place: BackupPlace
  readonly directory: string
  /** The version of Acrux. */
  readonly version: string
}

/** The messages that the thread sends. */
export type FromBackupThread =
  | ({ readonly kind: 'progress' } & Progress)
  | { readonly kind: 'completed'; readonly id: string }
  | { readonly kind: 'failed'; readonly message: string; readonly isForOperator: boolean }

/** The interval at which the thread sends the progress. */
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
    // The server's requests use the same small number of threads for files.
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
