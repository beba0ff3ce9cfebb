import type { CheckedAcrPath, CheckedOciPath } from './surface/checked-path.ts'
import type { RegistryNeed } from './surface/ports.ts'
import type { RegistryRoute } from './routes.ts'

/** What a method and a path say, and nothing else: the row, what that needs, and the names, all checked. */
export type KnownPath = {
  readonly route: RegistryRoute
  readonly need: RegistryNeed
  readonly path: CheckedOciPath | CheckedAcrPath
}

/** What is asked for over and over; each upload has a path of its own that nobody asks for again. */
const methods = ['GET', 'HEAD']
/** More than most paths have, with which the memory stays below a few megabytes. */
const longestPath = 256
const limit = 8192

/**
 * Remembers how paths were read, which takes a good part of the time of a small answer. It holds no rights: whether the
 * need is met is asked anew with every request.
 *
 * Only what was asked by somebody who was let in is to be kept, so that strangers cannot push out anything. The oldest
 * gives way, and to read it again costs no more than before.
 */
export class KnownPaths {
  readonly #byMethod = new Map(methods.map((method) => [method, new Map<string, KnownPath>()]))

  /** `rawPath` is still percent-encoded and without its query. */
  find(method: string, rawPath: string): KnownPath | undefined {
    return this.#byMethod.get(method)?.get(rawPath)
  }

  keep(method: string, rawPath: string, known: KnownPath): void {
    const paths = this.#byMethod.get(method)
    if (paths === undefined || rawPath.length > longestPath) return
    paths.set(rawPath, known)
    if (paths.size <= limit) return
    for (const oldest of paths.keys()) {
      paths.delete(oldest)
      return
    }
  }
}
