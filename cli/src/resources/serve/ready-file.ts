import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { writePrivateFile } from '../../framework/files/private-file.ts'

/** A file that exists while a process accepts connections. Only the current user can read the file. */
export type ReadyFile = {
  /** Writes the file at once. @throws StartupError */
  readonly write: (document: object) => Promise<void>
  readonly remove: () => void
}

/** Deletes the file of an earlier process. Without a name, nothing is written. @throws StartupError */
export async function openReadyFile(name: string | undefined): Promise<ReadyFile> {
  if (name === undefined) return { write: () => Promise.resolve(), remove: () => undefined }
  const file = path.resolve(name)
  await writable(file, () => rm(file, { force: true }))
  return {
    write: (document) => writable(file, () => writePrivateFile(file, `${JSON.stringify(document, undefined, 2)}\n`)),
    remove: () => rmSync(file, { force: true }),
  }
}

async function writable(file: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    throw new StartupError(
      `the ready file ${file} cannot be written: ${plainReason(error)}`,
      exitCodes.configuration,
      'name a file in a writable directory',
      { cause: error },
    )
  }
}
