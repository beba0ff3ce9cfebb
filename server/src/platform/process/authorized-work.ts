import { AsyncLocalStorage } from 'node:async_hooks'
import { DatabaseBusyError, outageOf } from './outage.ts'

/** The authority revision of a database, in the form of the database's own methods. */
export type AuthorityRevisions = {
  readonly authorityRevision: () => Promise<number>
  readonly knownRevision: () => number | undefined
}

/**
 * The minimum interval between two authorizations of a stream's caller, and the interval at which a watch compares the
 * authority revision.
 */
const watchedEveryMs = 1000

/**
 * The maximum number of attempts of a request's transaction, which fails if a revocation changes the authority
 * revision.
 */
const maxAttempts = 10

/**
 * The authority revision has changed since the caller of a transaction was admitted. The transaction wrote nothing. The
 * surface admits the caller again and repeats the handler, which has changed nothing so far.
 */
export class AuthorityMovedError extends DatabaseBusyError {
  override readonly name = 'AuthorityMovedError'
}

/** The options that determine how work is authorized again. */
type AuthorizedWorkOptions = {
  readonly authority: AuthorityRevisions
  /** The authority revision that was read before the caller was admitted. */
  readonly revision: number
  /**
   * Authenticates and authorizes the caller again, with the same checks as at admission, but accepts a token that has
   * expired since. If the caller is denied, throws the denial of the surface and records the denial.
   */
  readonly decide: () => Promise<void>
  /** Whether the surface repeats the handler after an {@link AuthorityMovedError}. */
  readonly isRepeatable?: boolean
  /**
   * Whether no client waits for the work. If so, each transaction is attempted until it is committed or `decide`
   * throws, such as at a deadline. A changed revision alone does not stop the work.
   */
  readonly isDeferred?: boolean
  /**
   * Whether the work may start other work that continues after it. The row of the route in the route table specifies
   * this.
   */
  readonly mayDefer?: boolean
}

/**
 * Work of an admitted caller: a request that reads a body, waits or writes, and the deferred work of the request. When
 * the authority revision has changed, the caller is authorized again: after a body or a queue, and before each write.
 * Every transaction of the work compares the revision. See docs/decisions/0024-work-under-way.md.
 */
export class AuthorizedWork {
  readonly #options: AuthorizedWorkOptions
  #revision: number
  #conditions: (() => Promise<void>)[] = []
  #mayRepeat: boolean
  /** The latest decision, and the authority revision that was read before the decision. */
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

  /** Whether the surface can still repeat the handler, because no transaction of the handler was committed. */
  get mayRepeat(): boolean {
    return this.#mayRepeat
  }

  /** The maximum number of attempts of a transaction, which fails if a revocation changes the authority revision. */
  get maxAttempts(): number {
    return this.#options.isDeferred === true ? Infinity : maxAttempts
  }

  /** @throws if the row of the route does not allow work that continues after the response */
  requireDeferring(): void {
    if (this.#options.mayDefer !== true) throw new Error('the route table does not declare that this route defers work')
  }

  /**
   * Call this method when the handler has changed data, here or on another server. The handler can then no longer be
   * repeated.
   */
  keepResult(): void {
    this.#mayRepeat = false
  }

  /**
   * Adds a condition that the surface does not check, such as the permission on a source. `condition` throws the
   * denial.
   */
  alsoRequire(condition: () => Promise<void>): void {
    this.#conditions.push(condition)
  }

  /**
   * Authorizes the caller again if the authority revision has changed. Otherwise this method only compares two numbers.
   * Call it after a body or a queue, and before a write that is not a transaction.
   *
   * @throws the denial of the surface
   */
  async requireStanding(): Promise<void> {
    if (this.#isCurrent()) return
    // The revision is read before the data for the decision.
    const revision = await this.#options.authority.authorityRevision()
    if (revision === this.#revision) return
    // Concurrent checks, and a check after a denial, share one decision, so that the denial is recorded once.
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
   * Returns a check for each piece of a stream. If the revision is unchanged, the check only compares two numbers.
   * Otherwise the check starts a new decision, at most once a second. If the caller is denied, the check of a later
   * piece throws the denial. After the last piece, call {@link requireStanding}.
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
   * Watches the authority revision until the watch is disposed of. If the revision has changed and the caller is
   * denied, calls `onDenied` with the denial. The call happens within a second plus the time of a decision. Use this
   * method for work that neither processes the pieces of a stream nor runs transactions.
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
      // A stream continues while the database is unavailable. The last write of the stream checks the permission again.
      if (outageOf(error) === undefined) onDenied(error)
    }
  }
}

const current = new AsyncLocalStorage<AuthorizedWork | undefined>()

/**
 * Runs work of an admitted caller. All work that `run` starts belongs to the caller's work, including work that
 * continues later.
 */
export function runAuthorized<Result>(work: AuthorizedWork, run: () => Result): Result {
  return current.run(work, run)
}

/** The work that the current code belongs to. Undefined if the code runs for the server itself. */
export function currentWork(): AuthorizedWork | undefined {
  return current.getStore()
}

/**
 * Authorizes the caller of the current work again if the authority revision has changed.
 * @throws the denial of the surface
 */
export async function requireStanding(): Promise<void> {
  await current.getStore()?.requireStanding()
}

/**
 * Runs work of the server itself that a request starts, such as a shared timer or the removal of data from a denied
 * request. No caller's permissions apply to this work.
 */
export function withoutCaller<Result>(run: () => Result): Result {
  return current.run(undefined, run)
}

/**
 * Runs work that continues after the request that starts the work. This work has its own caller, or no caller.
 *
 * @throws if the row of the route does not have `defers`
 */
export function runDeferred<Result>(run: () => Result): Result {
  const work = current.getStore()
  work?.requireDeferring()
  work?.keepResult()
  return withoutCaller(run)
}
