/**
 * How long a statement waits for a lock that another process holds on the database, in milliseconds. Whoever waits is
 * answered 503 after that.
 */
export const busyTimeoutMs = 5000

/** The same for a read: it holds up the thread that answers every request, and in write-ahead mode it seldom waits. */
export const readerBusyTimeoutMs = 1000
