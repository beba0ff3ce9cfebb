import type { CheckedAcrPath, CheckedOciPath } from './surface/checked-path.ts'
import type { RegistryNeed } from './surface/ports.ts'
import type { RegistryRoute } from './routes.ts'

/** What a method and a path mean: the row, its need for this path, and the checked names. */
export type KnownPath = {
  readonly route: RegistryRoute
  readonly need: RegistryNeed
  readonly path: CheckedOciPath | CheckedAcrPath
}

/** The methods whose paths are requested again and again. Each upload has a path of its own. */
const methods = ['GET', 'HEAD']
/** Longer than most paths; with `maxPaths` it keeps the cache below a few megabytes. */
const maxPathLength = 256
const maxPaths = 8192

/**
 * Caches parsed paths: parsing takes a large part of the time of a small response. The cache contains no permissions;
 * the gate is asked for every request.
 *
 * Set only paths of admitted requests, so that other callers cannot evict entries. The oldest entry is evicted first.
 */
export class KnownPaths {
  readonly #byMethod = new Map(methods.map((method) => [method, new Map<string, KnownPath>()]))

  /** `rawPath` is percent-encoded and has no query. */
  get(method: string, rawPath: string): KnownPath | undefined {
    return this.#byMethod.get(method)?.get(rawPath)
  }

  set(method: string, rawPath: string, known: KnownPath): void {
    const paths = this.#byMethod.get(method)
    if (paths === undefined || rawPath.length > maxPathLength) return
    paths.set(rawPath, known)
    if (paths.size <= maxPaths) return
    for (const oldest of paths.keys()) {
      paths.delete(oldest)
      return
    }
  }
}
