import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { auditMigrations } from '../audit/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import { openSealer } from '../platform/keys/sealing.ts'
import type { Database, DatabaseKind } from '../platform/sql/database.ts'
import { openTestDatabase } from '../platform/sql/test-database.ts'
import { type Directory, createDirectory } from './directory.ts'
import type { NewServicePrincipal, User } from './model.ts'
import { directoryMigrations } from './migrations.ts'

export const testTenantId = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'
/** A tenant whose principals are known by their object ids. */
export const testTrustedTenantId = '72f988bf-0000-4000-8000-2d7cd011db47'
export const testOrigin = 'https://directory.example'

export type TestDirectory = {
  readonly database: Database
  readonly directory: Directory
  readonly time: { nowMs: number }
  readonly clock: Clock
  /** The principals whose end was told to other rooms. */
  readonly deletedPrincipals: string[]
  /** What other rooms say that a deletion leaves without an owner. */
  readonly ownerless: string[]
  readonly owner: NewServicePrincipal
  readonly alice: User
  readonly dispose: () => Promise<void>
}

/** A directory on a real database, with a tenant, an owner service principal and an owner user; time stands still. */
export async function openTestDirectory(kind: DatabaseKind = 'sqlite'): Promise<TestDirectory> {
  const { database, dispose: disposeDatabase } = await openTestDatabase(kind, [
    ...auditMigrations,
    ...directoryMigrations,
  ])
  const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-directory-'))
  const sealer = await openSealer(path.join(keyDirectory, 'master.key'))
  const dispose = async () => {
    await disposeDatabase()
    await rm(keyDirectory, { recursive: true })
  }
  const time = { nowMs: Date.parse('2026-03-01T12:00:00Z') }
  const clock = { now: () => time.nowMs }
  const deletedPrincipals: string[] = []
  const ownerless: string[] = []
  const directory = createDirectory({
    database,
    clock,
    sealer,
    publicOrigin: testOrigin,
    trustedTenants: [testTrustedTenantId],
    onPrincipalDeleted: async (_transaction, objectId) => {
      deletedPrincipals.push(objectId)
      return ownerless
    },
  })
  const { owner, alice } = await database.transaction(async (transaction) => {
    const tenant = { tenantId: testTenantId, displayName: 'Contoso', defaultDomain: 'contoso.example' }
    await directory.createTenant(transaction, tenant)
    const user = { userPrincipalName: 'Alice@contoso.example', displayName: 'Alice', password: 'a long password' }
    return {
      alice: await directory.createUser(transaction, { ...user, directoryRole: 'owner' }),
      owner: await directory.createServicePrincipal(transaction, { displayName: 'owner', directoryRole: 'owner' }),
    }
  })
  return { database, directory, time, clock, deletedPrincipals, ownerless, owner, alice, dispose }
}
