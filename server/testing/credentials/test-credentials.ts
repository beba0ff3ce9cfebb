import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestDirectory, openTestDirectory, testOrigin } from '../directory/test-directory.ts'
import { openSealer } from '../../src/platform/keys/sealing.ts'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { type Credentials, createCredentials } from '../../src/credentials/credentials.ts'
import { credentialMigrations } from '../../src/credentials/migrations.ts'
import type { NewServicePrincipal } from '../../src/credentials/records/model.ts'
import { usualDatabaseKind } from '../platform/test-database.ts'

export type TestCredentials = TestDirectory & {
  readonly credentials: Credentials
  readonly owner: NewServicePrincipal
}

/** A test directory with credentials, and a service principal that owns the directory. */
export async function openTestCredentials(kind: DatabaseKind = usualDatabaseKind): Promise<TestCredentials> {
  const opened = await openTestDirectory(kind, credentialMigrations)
  const { database, directory, clock } = opened
  const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-credentials-'))
  const sealer = await openSealer(path.join(keyDirectory, 'master.key'))
  const credentials = createCredentials({ database, clock, directory, sealer, publicOrigin: testOrigin })
  const owner = await database.transaction((transaction) =>
    credentials.createServicePrincipal(transaction, { displayName: 'owner', directoryRole: 'owner' }),
  )
  const dispose = async () => {
    await opened.dispose()
    await rm(keyDirectory, { recursive: true })
  }
  return { ...opened, credentials, owner, dispose }
}
