/**
 * The error of a thread that can only read when a request needs the main thread, such as for a change. The thread then
 * passes the complete request to the main thread.
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
