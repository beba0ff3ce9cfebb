import { RevisionCache } from '../platform/memory/revision-cache.ts'
import type { Database } from '../platform/sql/database.ts'
import type { Registry } from './model.ts'

/** Finds the registry for an unparsed `Host` header. */
export type FindByHost = (host: string | undefined) => Promise<Registry | undefined>

/**
 * The maximum number of cached hosts. A registry has at most two hosts. A cached lookup takes 0.5 µs, and reading the registry takes 36 µs.
 */
const maxCachedHosts = 20_000

/**
 * Caches registries by host. Unknown hosts, and other spellings of a login server, are not cached, because a client can
 * invent any number of them.
 */
export function cacheByHost(
  database: Pick<Database, 'knownRevision' | 'authorityRevision'>,
  isHostOf: (host: string, registry: Registry) => boolean,
  find: (host: string) => Promise<Registry | undefined>,
): FindByHost {
  const cached = new RevisionCache<Registry>(maxCachedHosts)
  return async (host) => {
    if (host === undefined) return undefined
    const revision = database.knownRevision() ?? (await database.authorityRevision())
    const known = cached.get(revision, host)
    if (known !== undefined) return known
    const registry = await find(host)
    if (registry !== undefined && isHostOf(host, registry)) cached.set(revision, host, registry, Infinity)
    return registry
  }
}
