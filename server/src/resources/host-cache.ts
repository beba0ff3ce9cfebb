import type { Database } from '../platform/sql/database.ts'
import type { LoginServer } from '../standards/azure/login-server.ts'
import type { Registry } from './model.ts'

/** Finds the registry of a raw `Host` header. */
export type FindByHost = (host: string | undefined) => Registry | undefined | Promise<Registry | undefined>

/**
 * Caches registries by host until authority changes. Unknown hosts, and other spellings of a login server, are not cached,
 * because a client can invent any number of them.
 */
export function cacheByHost(
  database: Database,
  loginServerFor: (name: string) => LoginServer,
  find: (host: string) => Promise<Registry | undefined>,
): FindByHost {
  let revision = 0
  const cached = new Map<string, Registry>()
  /** The latest result, which is mostly the next one too. A map is slow for a new string with equal contents. */
  let latest: { readonly host: string; readonly registry: Registry } | undefined

  async function lookUp(host: string, lookedUpAt: number): Promise<Registry | undefined> {
    const registry = await find(host)
    const isOwn = registry !== undefined && (registry.loginServer === host || loginServerFor(registry.name) === host)
    if (isOwn && lookedUpAt === revision) cached.set(host, registry)
    return registry
  }

  function findAt(current: number, host: string): Registry | undefined | Promise<Registry | undefined> {
    if (current !== revision) {
      cached.clear()
      latest = undefined
      revision = current
    }
    if (latest?.host === host) return latest.registry
    const registry = cached.get(host)
    if (registry === undefined) return lookUp(host, current)
    latest = { host, registry }
    return registry
  }

  return (host) => {
    if (host === undefined) return undefined
    const current = database.authorityRevision()
    return typeof current === 'number' ? findAt(current, host) : current.then((number) => findAt(number, host))
  }
}
