/**
 * A process for tests. It shares a database with other processes. The process decides requests with rights that it caches for one authority
 * revision, and it revokes rights.
 */
import { RevisionCache } from '../../src/platform/memory/revision-cache.ts'
import type { Database } from '../../src/platform/sql/database.ts'
import { openPostgresForTest } from './test-postgres.ts'

/** A message of the test: it asks whether a request with this right is allowed, or revokes the right. */
export type ReplicaCall = { readonly id: number; readonly operation: 'request' | 'revoke'; readonly right: string }

/** The response: whether the request is allowed, or whether the right existed before the revocation. */
export type ReplicaResult = { readonly id: number; readonly result: boolean }

type Tables = { held_right: { name: string } }

const cache = new RevisionCache<boolean>(1000)

async function isAllowed(database: Database, right: string): Promise<boolean> {
  const revision = await database.authorityRevision()
  const cached = cache.get(revision, right)
  if (cached !== undefined) return cached
  const row = await database
    .tables<Tables>()
    .selectFrom('held_right')
    .select('name')
    .where('name', '=', right)
    .executeTakeFirst()
  cache.set(revision, right, row !== undefined, Infinity)
  return row !== undefined
}

/** Deletes a right. A right that does not exist changes nothing. */
function revoke(database: Database, right: string): Promise<boolean> {
  return database.transaction(async (transaction) => {
    const deleted = await transaction
      .tables<Tables>()
      .deleteFrom('held_right')
      .where('name', '=', right)
      .executeTakeFirst()
    if (deleted.numDeletedRows > 0n) transaction.changesAuthority()
    return deleted.numDeletedRows > 0n
  })
}

async function serve(url: string): Promise<void> {
  const database = await openPostgresForTest(url)
  process.on('message', ({ id, operation, right }: ReplicaCall) => {
    const result = operation === 'request' ? isAllowed(database, right) : revoke(database, right)
    result.then(
      (value) => process.send?.({ id, result: value } satisfies ReplicaResult),
      (error: unknown) => {
        throw error
      },
    )
  })
  process.once('disconnect', () => void database.close())
  process.send?.({ id: 0, result: true } satisfies ReplicaResult)
}

// If the test runner receives the name of this folder, it also loads this file.
const databaseUrl = process.env['ACRUX_TEST_REPLICA']
if (databaseUrl !== undefined) await serve(databaseUrl)
