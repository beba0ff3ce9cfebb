import { LRUCache } from 'lru-cache'
import type { RegistryRoute } from './routes.ts'
import type { CheckedAcrPath, CheckedOciPath } from './surface/checked-path.ts'
import type { RegistryNeed } from './surface/ports.ts'

/** The row of a request, its need, and its path with checked names. */
export type KnownPath = {
  readonly route: RegistryRoute
  readonly need: RegistryNeed
  readonly path: CheckedOciPath | CheckedAcrPath
}

/** Longer than most paths; with `maxPaths` it keeps the cache below a few megabytes. */
const maxPathLength = 256
const maxPaths = 8192

/**
 * Caches the parsed paths of GET and HEAD requests, least recently used out first. They contain no permissions: the gate is
 * asked for every request. Parsing takes 1.1 µs more, which is 4 % of the processor time of a manifest. Set only paths of
 * admitted requests, so that other callers cannot evict entries.
 */
export class KnownPaths {
  readonly #byMethod: Readonly<Record<string, LRUCache<string, KnownPath>>> = {
    GET: new LRUCache({ max: maxPaths }),
    HEAD: new LRUCache({ max: maxPaths }),
  }

  /** `rawPath` is percent-encoded and has no query. */
  get(method: string, rawPath: string): KnownPath | undefined {
    return this.#byMethod[method]?.get(rawPath)
  }

  set(method: string, rawPath: string, known: KnownPath): void {
    if (rawPath.length <= maxPathLength) this.#byMethod[method]?.set(rawPath, known)
  }
}
