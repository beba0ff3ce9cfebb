import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../platform/memory/max-entries.ts'
import type { CheckedAcrPath, CheckedOciPath } from './protocol/checked-path.ts'
import type { MatchedPath, RegistryRoute } from './routes.ts'
import type { Asked } from './protocol/ports.ts'

/** A parsed path before the caller is known. Only admitted callers learn that it does not exist. */
export type AskedPath = Asked & {
  /** Where the query begins in the URL; -1 without one. */
  readonly queryAt: number
  readonly matched: MatchedPath | undefined
  readonly route: RegistryRoute | undefined
  /** Set once the names in the path are checked. */
  checked?: CheckedOciPath | CheckedAcrPath
}

/** Paths have at most about 2 KiB in memory, so that all of them have a few megabytes. */
const maxPaths = 4096
const maxPathLength = 256

/**
 * The latest paths of admitted `GET` and `HEAD` requests without a query. Finding a path takes half of the time of matching
 * it and checking its names, and the strings that it contains are hashed once instead of at each lookup.
 *
 * A path is kept once a caller is admitted, so that unauthenticated clients cannot evict any. It contains no rights.
 */
export class KnownPaths {
  readonly #byMethod = new Map(
    ['GET', 'HEAD'].map((method) => [method, new LRUCache<string, AskedPath>(maxEntries(maxPaths))]),
  )

  get({ method = '', url = '' }: IncomingMessage): AskedPath | undefined {
    return this.#byMethod.get(method)?.get(url)
  }

  keep({ method = '', url = '' }: IncomingMessage, asked: AskedPath): void {
    if (asked.queryAt === -1 && url.length <= maxPathLength) this.#byMethod.get(method)?.set(url, asked)
  }
}
