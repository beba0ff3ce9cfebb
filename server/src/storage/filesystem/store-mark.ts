import { randomUUID } from 'node:crypto'
import { link, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory, writeFileDurably } from '../../platform/files/durable-file.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { StorageUnavailableError } from '../contract/errors.ts'

const markName = 'installation'

/** The id of a store, which is in each of its directories; undefined if one of them lacks it. @throws StorageUnavailableError */
export async function readMarks(directories: readonly string[]): Promise<string | undefined> {
  const ids = await Promise.all(directories.map(readMark))
  const [first] = ids
  return ids.every((id) => id === first) ? first : undefined
}

/**
 * Marks the directories of a store that lack a mark. Another process that does the same gets the same id.
 *
 * @throws StorageUnavailableError if the directories belong to different stores
 */
export async function writeMarks(directories: readonly string[]): Promise<string> {
  let id: string | undefined
  for (const directory of directories) {
    const written = await writeMark(directory, id ?? randomUUID())
    if (id !== undefined && written !== id) {
      throw new StorageUnavailableError('the marker files in the blob directories belong to different stores')
    }
    id = written
  }
  if (id === undefined) throw new Error('a store has directories')
  return id
}

/** @throws StorageUnavailableError unless each of the directories has the mark */
export async function requireMarks(directories: readonly string[], id: string): Promise<void> {
  for (const directory of directories) {
    const found = await readMark(directory)
    if (found === id) continue
    const problem = found === undefined ? 'is missing' : 'belongs to another store'
    throw new StorageUnavailableError(
      `${join(directory, markName)} ${problem}: the blobs of the server are in another directory`,
    )
  }
}

/**
 * Looks at one mark of a store repeatedly. A mark whose file is the same as when it was read is not read again: that is one call of
 * the file system instead of five.
 */
export class KnownMarks {
  /** What distinguishes the file that was read from any other, by directory. */
  readonly #read = new Map<string, string>()

  /** @throws StorageUnavailableError unless the directory has the mark */
  async require(directory: string, id: string): Promise<void> {
    const file = await fileAt(join(directory, markName))
    if (file !== undefined && this.#read.get(directory) === `${id} ${file}`) return
    await requireMarks([directory], id)
    if (file !== undefined) this.#read.set(directory, `${id} ${file}`)
  }
}

async function fileAt(path: string): Promise<string | undefined> {
  // If it cannot be looked at, reading it fails, too, with the reason.
  const found = await stat(path).catch(() => undefined)
  return found && `${found.dev} ${found.ino} ${found.size} ${found.ctimeMs}`
}

async function readMark(directory: string): Promise<string | undefined> {
  try {
    const [id = ''] = (await readFile(join(directory, markName), 'utf8')).split('\n')
    return id === '' ? undefined : id
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new StorageUnavailableError('the marker file of the blobs cannot be read', { cause: error })
  }
}

/** Makes a mark durable, and writes it unless there is one. Returns the id that is there. */
async function writeMark(directory: string, id: string): Promise<string> {
  const found = (await readMark(directory)) ?? (await linkMark(directory, id))
  // Flushed in any case: a process that wrote the mark may have ended before it flushed the name.
  await syncDirectory(directory)
  return found
}

/** A link to a whole file is made by one process only, also on a file system that several servers share. */
async function linkMark(directory: string, id: string): Promise<string> {
  const whole = join(directory, `${markName}.${randomUUID()}`)
  try {
    await writeFileDurably(whole, `${id}\n`, 0o600)
    await link(whole, join(directory, markName))
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
  } finally {
    await rm(whole, { force: true })
  }
  return (await readMark(directory)) ?? id
}
