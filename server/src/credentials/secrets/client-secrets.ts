import type { Directory, ServicePrincipal } from '../../directory/index.ts'
import { newSecret, secretEquals } from '../../platform/keys/sealing.ts'
import { RevisionCache } from '../../platform/memory/revision-cache.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { nullGuid, parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { ClientSecretCheck } from '../records/model.ts'
import type { SecretRow } from '../records/rows.ts'
import { storedHash } from '../records/stored-hash.ts'
import type { SecretStore } from './secret-store.ts'

/**
 * The maximum number of successful checks that are cached, for one authority revision and at most until the secret expires. The cache saves
 * two reads for each request: 2.5 µs of processor time instead of 22 µs with SQLite.
 */
const maxCachedChecks = 100_000

/** The secrets that the server generates have 46 characters. The server does not hash secrets longer than this maximum. */
const maxSecretLength = 1024

/** The server compares an unknown secret with this hash, so that every check makes a comparison. */
const decoyHash = storedHash(newSecret())

/**
 * Creates the check of client secrets. The server caches a successful check by the hash of the secret. It does not cache a failed check.
 * Every check makes the same reads and the same comparison, whether or not the application exists.
 */
export function createSecretCheck({
  database,
  clock,
  store,
  directory,
}: {
  readonly database: Pick<Database, 'authorityRevision'>
  readonly clock: Clock
  readonly store: SecretStore
  readonly directory: Pick<Directory, 'findServicePrincipalByAppId'>
}) {
  const cache = new RevisionCache<ClientSecretCheck>(maxCachedChecks)

  function checkRow(
    hash: string,
    row: SecretRow | undefined,
    servicePrincipal: ServicePrincipal | undefined,
  ): ClientSecretCheck {
    const nowMs = clock.now()
    const isRight = secretEquals(hash, row?.secret_hash ?? decoyHash)
    if (servicePrincipal === undefined) return { outcome: 'unknown-application' }
    if (row === undefined || !isRight || nowMs < row.starts_at_ms) return { outcome: 'wrong-secret' }
    if (nowMs >= row.expires_at_ms) return { outcome: 'expired-secret' }
    if (!servicePrincipal.enabled) return { outcome: 'disabled' }
    return { outcome: 'verified', servicePrincipal, credentialId: row.id, expiresAtMs: row.expires_at_ms }
  }

  return async (appIdText: string, secret: string): Promise<ClientSecretCheck> => {
    const appId = parseGuid(appIdText) ?? nullGuid
    const hash = storedHash(secret.length > maxSecretLength ? '' : secret)
    const key = `${appId} ${hash}`
    const revision = await database.authorityRevision()
    const cached = cache.get(revision, key, clock.now())
    if (cached !== undefined) return cached
    const row = await store.byHash(appId, hash)
    const check = checkRow(hash, row, await directory.findServicePrincipalByAppId(appId))
    if (check.outcome === 'verified') cache.set(revision, key, check, check.expiresAtMs)
    return check
  }
}
