import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../platform/memory/max-entries.ts'
import type { CheckedAcrPath, CheckedOciPath } from './protocol/checked-path.ts'
import type { MatchedPath, RegistryRoute } from './routes.ts'
import type { Asked } from './protocol/ports.ts'

/**
 * A parsed path of a request whose caller is not yet authenticated. The error for a path that does not exist is sent only to admitted
 * callers.
 */
export type AskedPath = Asked & {
  /** The position of the query in the URL. The value is -1 if the URL has no query. */
  readonly queryAt: number
  readonly matched: MatchedPath | undefined
  readonly route: RegistryRoute | undefined
  /** The member is set after the names in the path were checked. */
  checked?: CheckedOciPath | CheckedAcrPath
}

/** A path uses at most about 2 KiB of memory, so all paths together use a few megabytes. */
const maxPaths = 4096
const maxPathLength = 256

/**
 * The latest paths of admitted `GET` and `HEAD` requests without a query. Finding a path takes half of the time of matching the path and
 * checking its names. The strings of a stored path are hashed once instead of at each lookup. A path is stored after a caller is admitted,
 * so that unauthenticated clients cannot evict any path. A path contains no permissions.
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
