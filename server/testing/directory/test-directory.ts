import { auditMigrations } from '../../src/audit/index.ts'
import { hashedPassword } from '../platform/test-hashed-password.ts'
import type { Clock } from '../../src/platform/process/clock.ts'
import type { Transaction, Database, DatabaseKind } from '../../src/platform/sql/database.ts'
import type { Migration } from '../../src/platform/sql/migrations.ts'
import { openTestDatabase, usualDatabaseKind } from '../platform/test-database.ts'
import { type Directory, createDirectory } from '../../src/directory/directory.ts'
import { directoryMigrations } from '../../src/directory/migrations.ts'
import type { User } from '../../src/directory/principals/model.ts'

export const testTenantId = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'
/** A trusted tenant. */
export const testTrustedTenantId = '72f988bf-0000-4000-8000-2d7cd011db47'
export const testOrigin = 'https://directory.example'

export type TestDirectory = {
  readonly database: Database
  readonly directory: Directory
  readonly time: { nowMs: number }
  readonly clock: Clock
  /** The deleted principals that the directory reported to other modules. */
  readonly deletedPrincipals: string[]
  /** The subscriptions that have no owner after a deletion. */
  readonly subscriptionOwners: Map<string, readonly string[]>
  readonly alice: User
  readonly dispose: () => Promise<void>
}

/** A directory on a real database, with a tenant and a user that owns the directory. The clock is frozen. */
export async function openTestDirectory(
  kind: DatabaseKind = usualDatabaseKind,
  moreMigrations: readonly Migration[] = [],
): Promise<TestDirectory> {
  const migrations = [...auditMigrations, ...directoryMigrations, ...moreMigrations]
  const { database, dispose } = await openTestDatabase(kind, migrations)
  const time = { nowMs: Date.parse('2026-03-01T12:00:00Z') }
  const clock = { now: () => time.nowMs }
  const deletedPrincipals: string[] = []
  /** The principal that a transaction deletes. The transaction also deletes the role assignments of the principal. */
  const deletedIn = new WeakMap<Transaction, string>()
  const subscriptionOwners = new Map<string, readonly string[]>()
  const directory = createDirectory({
    database,
    clock,
    trustedTenants: [testTrustedTenantId],
    onPrincipalDeleted: async (transaction, objectId) => {
      deletedPrincipals.push(objectId)
      deletedIn.set(transaction, objectId)
    },
    subscriptionOwners: async (transaction) => {
      const without = (ids: readonly string[]) => ids.filter((id) => id !== deletedIn.get(transaction))
      return new Map([...subscriptionOwners].map(([scope, ids]) => [scope, without(ids)]))
    },
  })
  const password = await hashedPassword('a long password')
  const alice = await database.transaction(async (transaction) => {
    const tenant = { tenantId: testTenantId, displayName: 'Contoso', defaultDomain: 'contoso.example' }
    await directory.createTenant(transaction, tenant)
    const user = { userPrincipalName: 'Alice@contoso.example', displayName: 'Alice', password }
    return directory.createUser(transaction, { ...user, directoryRole: 'owner' })
  })
  return { database, directory, time, clock, deletedPrincipals, subscriptionOwners, alice, dispose }
}
