import { existsSync } from 'node:fs'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { emulatorFileIn, preparedFileIn } from '../platform/files/data-dir.ts'

/**
 * Denies a data directory of the emulator, and a prepared one: others have copies with the same keys and secrets.
 *
 * @throws StartupError
 */
export function denyPrepared(dataDir: string): void {
  const isPrepared = [emulatorFileIn(dataDir), preparedFileIn(dataDir)].some((file) => existsSync(file))
  if (!isPrepared) return
  throw new StartupError(
    `${dataDir} is a data directory of acrux emulator, whose keys and secrets are public`,
    exitCodes.dataDirUnusable,
    'choose another directory with --data-dir, or run acrux emulator for tests',
  )
}
