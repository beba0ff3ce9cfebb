import { existsSync } from 'node:fs'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import { createResources } from '../resources/index.ts'
import { emulatorFileIn, preparedFileIn } from '../platform/files/data-dir.ts'

/** The tenant of every emulator. */
export const emulatorTenantId = 'acacacac-0000-4000-8000-000000000001'

/**
 * Rejects a data directory of the emulator and a prepared data directory, because other people have copies with the same keys and secrets.
 *
 * @throws StartupError
 */
export function denyPrepared(dataDir: string): void {
  const isPrepared = [emulatorFileIn(dataDir), preparedFileIn(dataDir)].some((file) => existsSync(file))
  if (isPrepared) throw emulatorDataError(`${dataDir} is a data directory of acrux emulator`)
}

/** Rejects rows of the emulator, which a backup can also contain. @throws StartupError */
export async function denyEmulatorRows(database: Database, parts: Parts): Promise<void> {
  const resources = createResources({ ...parts, database, suffix: 'localhost', defaultPort: 443 })
  const subscriptions = await resources.listSubscriptions()
  if (subscriptions.every(({ tenantId }) => tenantId !== emulatorTenantId)) return
  throw emulatorDataError('the database contains the data of acrux emulator')
}

type Parts = { readonly clock: Clock; readonly sealer: Sealer }

function emulatorDataError(message: string): StartupError {
  return new StartupError(
    `${message}, whose keys and secrets are public`,
    exitCodes.dataDirUnusable,
    'choose another directory with --data-dir, or run acrux emulator for tests',
  )
}
