import { AsyncLocalStorage } from 'node:async_hooks'
import { DatabaseBusyError, outageOf } from './outage.ts'

/** The authority revision of a database, as the database itself describes it. */
export type AuthorityRevisions = {
  readonly authorityRevision: () => Promise<number>
  readonly knownRevision: () => number | undefined
}

/** How often the caller of a stream is authorized again at most, and how often a watch compares the authority revision. */
const watchedEveryMs = 1000

/** How often a transaction of a request is attempted while revocations keep moving the authority revision. */
const maxAttempts = 10

/**
 * The authority revision has moved since the caller of a transaction was admitted. Nothing was written. The surface admits the
 * caller again and repeats the handler, which has changed nothing so far.
 */
export class AuthorityMovedError extends DatabaseBusyError {
  override readonly name = 'AuthorityMovedError'
}

/** How work is decided. */
type AuthorizedWorkOptions = {
  readonly authority: AuthorityRevisions
  /** The authority revision, read before the caller was admitted. */
  readonly revision: number
  /**
   * Authenticates and authorizes the caller again, as at admission, except that a token may have expired since. It throws the
   * denial of the surface, and records it.
   */
  readonly decide: () => Promise<void>
  /** Whether the surface repeats the handler after an {@link AuthorityMovedError}. */
  readonly isRepeatable?: boolean
  /**
   * Whether no client waits for the work. Then each transaction is attempted until it is committed or `decide` throws, such as
   * at a deadline: the moved revision alone does not end the work.
   */
  readonly isDeferred?: boolean
  /** Whether the work may start work that continues after it: the row of its route says so. */
  readonly mayDefer?: boolean
}

/**
 * Work that a caller was admitted to: a request that reads a body, waits or writes, and the deferred work that it starts. It
 * is decided again when the authority revision has moved: after a body or a queue, and before each write, because
 * every transaction of the work compares the revision. See docs/decisions/0024-work-under-way.md.
 */
export class AuthorizedWork {
  readonly #options: AuthorizedWorkOptions
  #revision: number
  #conditions: (() => Promise<void>)[] = []
  #mayRepeat: boolean
  /** The latest decision, at the authority revision that was read before it. */
  #decision: { readonly revision: number; readonly made: Promise<void> } | undefined

  constructor(options: AuthorizedWorkOptions) {
    this.#options = options
    this.#revision = options.revision
    this.#mayRepeat = options.isRepeatable ?? false
  }

  /** The authority revision at which the caller was last admitted. */
  get revision(): number {
    return this.#revision
  }

  /** Whether the surface can still repeat the handler: none of its transactions was committed. */
  get mayRepeat(): boolean {
    return this.#mayRepeat
  }

  /** How often a transaction is attempted while revocations keep moving the authority revision. */
  get maxAttempts(): number {
    return this.#options.isDeferred === true ? Infinity : maxAttempts
  }

  /** @throws if the row of the route does not say that it starts work that continues after its response */
  requireDeferring(): void {
    if (this.#options.mayDefer !== true) throw new Error('the route table does not declare that this route defers work')
  }

  /** The handler can no longer be repeated: it has changed something, here or elsewhere. */
  keepResult(): void {
    this.#mayRepeat = false
  }

  /**
   * Adds a decision that the surface does not know, such as the permission on a source. `condition` throws the denial.
   */
  alsoRequire(condition: () => Promise<void>): void {
    this.#conditions.push(condition)
  }

  /**
   * Decides again if the authority revision has moved; otherwise this is one comparison. Call it after a body or a queue,
   * and before a write that is not a transaction.
   *
   * @throws the denial of the surface
   */
  async requireStanding(): Promise<void> {
    if (this.#isCurrent()) return
    // Read before the data of the decision.
    const revision = await this.#options.authority.authorityRevision()
    if (revision === this.#revision) return
    // Two checks at the same time, and a check after a denial, share one decision: its denial is recorded once.
    if (this.#decision?.revision !== revision) this.#decision = { revision, made: this.#decide(revision) }
    await this.#decision.made
  }

  async #decide(revision: number): Promise<void> {
    try {
      await withoutCaller(async () => {
        await this.#options.decide()
        for (const condition of this.#conditions) await condition()
      })
    } catch (error) {
      if (outageOf(error) !== undefined) this.#decision = undefined
      throw error
    }
    this.#revision = Math.max(this.#revision, revision)
  }

  /**
   * Returns a check for each piece of a stream. Without a moved revision, it is one comparison; otherwise it begins a decision,
   * at most once a second, and throws the denial at a later piece. After the last piece, call {@link requireStanding}.
   */
  checkOfPieces(): () => void {
    let denied: { readonly denial: unknown } | undefined
    let nextMs = 0
    return () => {
      if (denied !== undefined) throw denied.denial
      if (this.#isCurrent()) return
      const nowMs = performance.now()
      if (nowMs < nextMs) return
      nextMs = nowMs + watchedEveryMs
      void this.#decideMeanwhile((denial) => {
        denied = { denial }
      })
    }
  }

  /**
   * Calls `onDenied` with the denial when the authority revision moves against the work, within a second and the time of a
   * decision, until the watch is disposed of. For work that neither sees the pieces of a stream nor runs transactions.
   */
  watch(onDenied: (denial: unknown) => void): Disposable {
    let isDeciding = false
    const timer = setInterval(() => {
      if (isDeciding || this.#isCurrent()) return
      isDeciding = true
      void this.#decideMeanwhile(onDenied).finally(() => {
        isDeciding = false
      })
    }, watchedEveryMs).unref()
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  #isCurrent(): boolean {
    return this.#options.authority.knownRevision() === this.#revision
  }

  async #decideMeanwhile(onDenied: (denial: unknown) => void): Promise<void> {
    try {
      await this.requireStanding()
    } catch (error) {
      // A stream continues while the database cannot be asked. Its last write asks again.
      if (outageOf(error) === undefined) onDenied(error)
    }
  }
}

const current = new AsyncLocalStorage<AuthorizedWork | undefined>()

/** Runs work of an admitted caller. Everything that `run` starts belongs to the work, also what continues afterwards. */
export function runAuthorized<Result>(work: AuthorizedWork, run: () => Result): Result {
  return current.run(work, run)
}

/** The work that this code belongs to; undefined for work of the server itself. */
export function currentWork(): AuthorizedWork | undefined {
  return current.getStore()
}

/** Decides the current work again if the authority revision has moved. @throws the denial of the surface */
export async function requireStanding(): Promise<void> {
  await current.getStore()?.requireStanding()
}

/**
 * Runs work of the server itself that a request happens to start, such as a shared timer or the removal of what a denied
 * request leaves: it has no caller whose permissions decide.
 */
export function withoutCaller<Result>(run: () => Result): Result {
  return current.run(undefined, run)
}

/**
 * Runs work that continues after the request that starts it, and has its own caller or none.
 *
 * @throws if the row of the route does not have `defers`
 */
export function runDeferred<Result>(run: () => Result): Result {
  const work = current.getStore()
  work?.requireDeferring()
  work?.keepResult()
  return withoutCaller(run)
}
