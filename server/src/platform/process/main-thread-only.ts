/**
 * A request needs something that only the main thread can do, such as a change. A thread that only reads throws it, and
 * leaves the whole request to the main thread.
 */
export class MainThreadOnlyError extends Error {
  override readonly name = 'MainThreadOnlyError'
  constructor() {
    super('only the main thread can do this')
  }
}

/** A function that only the main thread can run. */
export function mainThreadOnly(): never {
  throw new MainThreadOnlyError()
}
