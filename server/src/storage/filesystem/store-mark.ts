import { randomUUID } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../../platform/files/durable-file.ts'
import { systemErrorCode } from '../../platform/process/plain-reason.ts'
import { StorageUnavailableError } from '../contract/errors.ts'

const markName = 'installation'

/** The id of a store, which is in each of its directories; undefined without one. @throws StorageUnavailableError if they differ */
export async function readMarks(directories: readonly string[]): Promise<string | undefined> {
  const ids = await Promise.all(directories.map(readMark))
  const [first] = ids
  const isWhole = ids.every((id) => id === first)
  if (!isWhole) throw new StorageUnavailableError('the directories of blobs have different marks')
  return first
}

/** Marks the directories of a store that has no mark. Another process that does the same gets the same id. */
export async function writeMarks(directories: readonly string[]): Promise<string> {
  let id: string | undefined
  for (const directory of directories) id = await writeMark(directory, id ?? randomUUID())
  if (id === undefined) throw new Error('a store has directories')
  return id
}

/** @throws StorageUnavailableError unless each of the directories has the mark */
export async function requireMarks(directories: readonly string[], id: string): Promise<void> {
  for (const directory of directories) {
    const found = await readMark(directory)
    if (found === id) continue
    const problem = found === undefined ? 'is missing' : 'is that of another store'
    throw new StorageUnavailableError(`${join(directory, markName)} ${problem}: the blobs of the server are elsewhere`)
  }
}

async function readMark(directory: string): Promise<string | undefined> {
  try {
    const [id = ''] = (await readFile(join(directory, markName), 'utf8')).split('\n')
    return id === '' ? undefined : id
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new StorageUnavailableError('the mark of the blobs cannot be read', { cause: error })
  }
}

/** Writes a mark, unless there is one, and returns the id that is there. */
async function writeMark(directory: string, id: string): Promise<string> {
  const found = await readMark(directory)
  if (found !== undefined) return found
  // One short write to a file in append mode is not mixed with a write of another process.
  const handle = await open(join(directory, markName), 'a', 0o600)
  try {
    await handle.write(`${id}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncDirectory(directory)
  return (await readFile(join(directory, markName), 'utf8')).split('\n')[0] ?? id
}
