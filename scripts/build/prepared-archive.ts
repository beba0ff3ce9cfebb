import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writePreparedArchive } from '../../server/src/compose/emulate.ts'
import { version } from './bundle.ts'

/** The name of the archive among the files that the program reads. */
export const preparedArchiveName = 'prepared.tar'

/** Writes the data directory from which an emulator starts, with its database, keys and owners, as a tar archive. */
export async function writePrepared(file: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'acrux-prepared-'))
  try {
    await writePreparedArchive(file, folder, version)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
