import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import type { Backup, Progress } from './model.ts'
import { type BackupFolder, NoBackupsError, openBackupFolder } from './backup-folder.ts'
import type { Log } from '../../platform/log/log.ts'
import { runDeferred } from '../../platform/process/authorized-work.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { StartupError } from '@acrux/shared/texts/startup-error.ts'
import { startPackagedThread } from '../../platform/process/packaged-file.ts'
import type { BackupPlace } from './back-up.ts'
import type { BackupThreadStart, FromBackupThread } from './backup-thread.ts'

/** The maximum number of backups that are listed. */
const maxListed = 50

/** The maximum time for which a closing server waits for the thread of a backup. */
const maxCloseMs = 5000

/** The maximum time for which a request waits for the list of backups. The directory may be on a network disk that hangs. */
const maxListMs = 2000

/** The newest backups, the oldest first, and the number of all. */
type Listing = { readonly backups: readonly Backup[]; readonly count: number; readonly problem: string | null }

const nothingListed: Listing = { backups: [], count: 0, problem: null }

/** The backup that was last requested since the server started. */
type BackupRun = {
  readonly state: 'running' | 'completed' | 'failed'
  readonly startedAt: string
  readonly completedAt: string | null
  readonly step: Progress['step']
  readonly doneBytes: number
  /** The value is 0 while the number is unknown. */
  readonly totalBytes: number
  readonly id: string | null
  readonly error: string | null
}

/** The reason why the server makes no backup now. */
type BackupRejection = 'running' | 'no-directory' | 'unsupported'

/** The settings of the backups that a running server makes. */
type BackupSettings = {
  readonly database: { readonly url?: object | undefined }
  readonly backup: { readonly directory?: string | undefined }
}

type BackupsOptions = {
  readonly configuration: BackupPlace & BackupSettings
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  readonly openFolder?: (directory: string) => Promise<Pick<BackupFolder, 'newest'>>
}

/** The backups that a running server makes on request, in the directory of its configuration. */
export class Backups {
  readonly #options: BackupsOptions
  #last: BackupRun | undefined
  #isStarting = false
  #thread: Worker | undefined
  #listing: Promise<Listing> | undefined
  #lastListing: Listing | undefined

  constructor(options: BackupsOptions) {
    this.#options = options
  }

  /**
   * Starts a backup after `record` has stored who requested the backup. If no backup starts, the function returns the reason and does not
   * call `record`.
   */
  async start(record: () => Promise<void>): Promise<BackupRejection | undefined> {
    const rejection = this.#rejection()
    if (rejection !== undefined) return rejection
    this.#isStarting = true
    try {
      await record()
      runDeferred(() => this.#startThread())
      return undefined
    } finally {
      this.#isStarting = false
    }
  }

  #rejection(): BackupRejection | undefined {
    const { backup, database } = this.#options.configuration
    if (database.url !== undefined) return 'unsupported'
    if (backup.directory === undefined) return 'no-directory'
    return this.#thread === undefined && !this.#isStarting ? undefined : 'running'
  }

  #startThread(): void {
    const { configuration, version, clock } = this.#options
    const { directory } = configuration.backup
    if (directory === undefined) return
    const startedAt = new Date(clock.now()).toISOString()
    const begun = { startedAt, completedAt: null, step: 'database', doneBytes: 0, totalBytes: 0 } as const
    this.#last = { state: 'running', ...begun, id: null, error: null }
    const workerData = { place: configuration, directory, version } satisfies BackupThreadStart
    const thread = startPackagedThread(new URL('./backup-thread.ts', import.meta.url), { workerData })
    this.#thread = thread
    thread.on('message', (message: FromBackupThread) => this.#receive(message))
    thread.on('error', (error) => this.#fail(String(error), false))
    thread.on('exit', () => {
      this.#thread = undefined
      if (this.#last?.state === 'running') this.#fail('the thread of the backup has ended', false)
    })
  }

  /** Whether the server can make backups, and the newest backups in the directory, the newest first. */
  async status() {
    const { directory } = this.#options.configuration.backup
    const rejection = this.#rejection()
    const availability = rejection === undefined || rejection === 'running' ? ('available' as const) : rejection
    // The code reads the last backup before the list. If the last backup is completed, the list therefore contains this backup.
    const last = this.#last ?? null
    const { backups, count, problem } = await this.#list(availability === 'available' ? directory : undefined)
    return { availability, last, value: backups.toReversed().map(documentOf), count, problem }
  }

  /** Ends a running backup. The backup is then incomplete, and the next backup removes it. */
  async close(): Promise<void> {
    // The checks of a large database must end before the thread ends.
    await Promise.race([this.#thread?.terminate(), sleep(maxCloseMs, undefined, { ref: false })])
  }

  async #list(directory: string | undefined): Promise<Listing> {
    if (directory === undefined) return nothingListed
    // The list does not change while the server makes a backup.
    const isKnown = this.#last?.state === 'running' && this.#listing === undefined
    if (isKnown && this.#lastListing !== undefined) return this.#lastListing
    const late = sleep(maxListMs, undefined, { ref: false })
    const listing = await Promise.race([this.#shareListing(directory), late])
    if (listing === undefined) {
      return {
        ...(this.#lastListing ?? nothingListed),
        problem: 'the file system of backup.directory does not respond',
      }
    }
    if (listing.problem === null) this.#lastListing = listing
    return listing
  }

  /** Only one listing runs at a time, so that a hanging disk blocks only one thread of the process. */
  #shareListing(directory: string): Promise<Listing> {
    const listing: Promise<Listing> = (this.#listing ??= this.#readList(directory).finally(() => {
      if (this.#listing === listing) this.#listing = undefined
    }))
    return listing
  }

  async #readList(directory: string): Promise<Listing> {
    const { openFolder = openBackupFolder } = this.#options
    try {
      const folder = await openFolder(directory)
      return { ...(await folder.newest(maxListed)), problem: null }
    } catch (error) {
      if (!(error instanceof StartupError)) throw error
      // The first backup creates the directory.
      if (error instanceof NoBackupsError) return nothingListed
      return { ...nothingListed, problem: this.#withoutPaths(`${error.message}: ${error.nextStep}`) }
    }
  }

  #receive(message: FromBackupThread): void {
    if (this.#last === undefined) return
    switch (message.kind) {
      case 'progress': {
        const { step, doneBytes, totalBytes } = message
        this.#last = { ...this.#last, step, doneBytes, totalBytes }
        return
      }
      case 'completed': {
        this.#last = { ...this.#last, state: 'completed', completedAt: this.#now(), id: message.id }
        // A listing that began before the end of the backup may not contain the backup.
        this.#listing = undefined
        this.#options.log.info({ backup: message.id }, 'backup completed')
        return
      }
      case 'failed':
        this.#fail(message.message, message.isForOperator)
    }
  }

  /** Other errors are written only to the log, because their texts can contain anything. */
  #fail(reason: string, isForOperator: boolean): void {
    if (this.#last === undefined) return
    const error = isForOperator
      ? this.#withoutPaths(reason)
      : 'The backup failed. The reason is in the log of the server.'
    this.#last = { ...this.#last, state: 'failed', completedAt: this.#now(), error }
    this.#options.log.error({ reason }, 'a requested backup failed')
  }

  /** Fewer users may read the settings than may read the state of backups. */
  #withoutPaths(text: string): string {
    const { backup, dataDir } = this.#options.configuration
    const withoutData = text.replaceAll(dataDir, 'dataDir')
    return backup.directory === undefined ? withoutData : withoutData.replaceAll(backup.directory, 'backup.directory')
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString()
  }
}

function documentOf({ id, takenAt, acrux, database, blobs, damaged, keysSha256 }: Backup) {
  return {
    id,
    takenAt,
    version: acrux,
    databaseBytes: database.sizeBytes,
    blobs: blobs.count,
    blobBytes: blobs.sizeBytes,
    newBytes: blobs.newSizeBytes,
    damaged: damaged.length,
    hasKeys: keysSha256 !== null,
  }
}
