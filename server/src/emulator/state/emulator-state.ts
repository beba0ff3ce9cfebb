import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { databaseFileIn, emulatorFileIn, tlsDirectoryIn } from '../../platform/files/data-dir.ts'
import { InvalidArchiveError, extractTar } from './tar-reader.ts'
import { tarOf } from './tar-writer.ts'

/** Another version of the program created the snapshot. */
export class ForeignSnapshotError extends Error {
  override readonly name = 'ForeignSnapshotError'
}

/** The server of a snapshot cannot be started. The state is the state before the restore. */
export class UnusableSnapshotError extends Error {
  override readonly name = 'UnusableSnapshotError'
}

/** The state of a part of the emulator outside the data directory, such as the clock. */
export type Kept = {
  /** The name of the part in a snapshot. */
  readonly name: string
  /** Returns the state as a value that JSON can represent. */
  readonly save: () => unknown
  /** Restores the state that `save` returned in this version; undefined restores the state at the start. */
  readonly restore: (saved: unknown) => void
}

/** The functions that start and stop the server of a data directory. */
export type Recomposition = {
  readonly start: () => Promise<void>
  /** If `isGraceful` is true, running requests complete. Otherwise the server disconnects all clients. */
  readonly stop: (isGraceful: boolean) => Promise<void>
}

export type EmulatorStateOptions = {
  /** The folder of this run of the emulator. */
  readonly folder: string
  readonly version: string
  readonly server: Recomposition
  /** Writes the certificate authority, which every data directory contains and no snapshot contains. */
  readonly install: (dataDir: string) => Promise<void>
  readonly kept: readonly Kept[]
}

/** The content of the file that marks a data directory of the emulator. */
type Mark = { readonly version: string; readonly kept?: Readonly<Record<string, unknown>> }

const archiveLimits = { maxBytes: 4 * 1024 ** 3, maxEntries: 100_000 }

/**
 * The state of an emulator: its data directory, and the state of its parts in memory. The state is copied and restored while the server is
 * stopped. Calls of these functions must not overlap.
 */
export class EmulatorState {
  readonly #options: EmulatorStateOptions
  #isReady = false

  constructor(options: EmulatorStateOptions) {
    this.#options = options
    mkdirSync(this.#snapshotsFolder, { mode: 0o700 })
  }

  /** Whether the server accepts requests. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** The data directory of the server. */
  get dataDir(): string {
    return path.join(this.#options.folder, 'data')
  }

  /** The data directory to which a reset returns. This directory must exist before the first start. */
  get baseDir(): string {
    return path.join(this.#options.folder, 'base')
  }

  /** Starts the server from a copy of the base directory. */
  async start(): Promise<void> {
    await this.#putBack(this.baseDir)
  }

  /** Makes the present state the base, for example after a seed was applied. */
  async rebase(): Promise<void> {
    await this.#copyTo(this.baseDir)
  }

  /** Returns to the base state. */
  async reset(): Promise<void> {
    await this.#stop(false)
    await this.#putBack(this.baseDir)
  }

  /** Stores the present state, and replaces an earlier snapshot with the same name. */
  async takeSnapshot(name: string): Promise<void> {
    await this.#copyTo(this.#snapshot(name))
  }

  hasSnapshot(name: string): boolean {
    return existsSync(this.#snapshot(name))
  }

  /** Returns to the state of a snapshot. The snapshot must exist. @throws UnusableSnapshotError */
  async restore(name: string): Promise<void> {
    const kept = this.#saveKept()
    await this.#stop(false)
    const earlier = path.join(this.#options.folder, 'earlier')
    renameSync(this.dataDir, earlier)
    try {
      await this.#putBack(this.#snapshot(name))
    } catch (error) {
      rmSync(this.dataDir, { recursive: true, force: true })
      renameSync(earlier, this.dataDir)
      this.#restoreKept(kept)
      await this.#start()
      const text = `The snapshot ${name} cannot be restored: ${error instanceof Error ? error.message : String(error)}`
      throw new UnusableSnapshotError(text, { cause: error })
    } finally {
      rmSync(earlier, { recursive: true, force: true })
    }
  }

  /** Returns a snapshot as a tar archive. The snapshot must exist. */
  exportSnapshot(name: string): Readable {
    return tarOf(this.#snapshot(name))
  }

  /**
   * Stores a snapshot from a tar archive.
   *
   * @throws InvalidArchiveError; ForeignSnapshotError
   */
  async importSnapshot(name: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    const part = mkdtempSync(path.join(this.#options.folder, 'part-'))
    try {
      await extractTar(archive, part, archiveLimits)
      const { version } = readMark(part) ?? {}
      if (version === undefined) throw new InvalidArchiveError('the archive is not a snapshot')
      if (version !== this.#options.version) {
        const versions = `The snapshot was created by version ${version}, but this emulator has version ${this.#options.version}.`
        throw new ForeignSnapshotError(versions)
      }
      if (!isDatabase(databaseFileIn(part))) throw new InvalidArchiveError('the archive contains no database')
      rmSync(tlsDirectoryIn(part), { recursive: true, force: true })
      rmSync(this.#snapshot(name), { recursive: true, force: true })
      renameSync(part, this.#snapshot(name))
    } finally {
      rmSync(part, { recursive: true, force: true })
    }
  }

  /** Stops the server permanently, and disconnects all clients. */
  async close(): Promise<void> {
    await this.#stop(false)
  }

  get #snapshotsFolder(): string {
    return path.join(this.#options.folder, 'snapshots')
  }

  #snapshot(name: string): string {
    return path.join(this.#snapshotsFolder, name)
  }

  async #stop(isGraceful: boolean): Promise<void> {
    // The server may be missing, because the last start may have failed.
    if (!this.#isReady) return
    this.#isReady = false
    await this.#options.server.stop(isGraceful)
  }

  async #start(): Promise<void> {
    await this.#options.server.start()
    this.#isReady = true
  }

  async #copyTo(target: string): Promise<void> {
    await this.#stop(true)
    rmSync(target, { recursive: true, force: true })
    cpSync(this.dataDir, target, { recursive: true })
    // The snapshot does not contain the key of the authority, because users can copy a snapshot to another machine.
    rmSync(tlsDirectoryIn(target), { recursive: true, force: true })
    writeMark(target, { version: this.#options.version, kept: this.#saveKept() })
    await this.#start()
  }

  async #putBack(source: string): Promise<void> {
    const { kept = {} } = readMark(source) ?? {}
    rmSync(this.dataDir, { recursive: true, force: true })
    cpSync(source, this.dataDir, { recursive: true })
    await this.#options.install(this.dataDir)
    this.#restoreKept(kept)
    await this.#start()
  }

  #saveKept(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#options.kept.map(({ name, save }) => [name, save()]))
  }

  #restoreKept(kept: Readonly<Record<string, unknown>>): void {
    for (const { name, restore } of this.#options.kept) restore(kept[name])
  }
}

/** Marks a data directory as a data directory of the emulator. `acrux serve` rejects such a directory. */
export function writeMark(dataDir: string, mark: Mark): void {
  writeFileSync(emulatorFileIn(dataDir), JSON.stringify(mark), { mode: 0o600 })
}

function readMark(dataDir: string): Mark | undefined {
  const file = emulatorFileIn(dataDir)
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Mark
  } catch {
    return undefined
  }
}

/** [SQLite, Database File Format §1.3] */
const databaseHeader = 'SQLite format 3\0'

/** Whether a file begins with the header of a SQLite database. Without a database, a start would create another installation. */
function isDatabase(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false
  const header = Buffer.alloc(databaseHeader.length)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, header)
  } finally {
    closeSync(descriptor)
  }
  return header.toString('latin1') === databaseHeader
}
