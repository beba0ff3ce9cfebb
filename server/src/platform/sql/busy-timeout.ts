/**
 * How long a statement waits for a lock that another process holds on the database, in milliseconds. Then the request
 * is answered with 503.
 */
export const busyTimeoutMs = 5000

/** How long a read waits for a lock. It blocks the main thread; in write-ahead mode, reads seldom wait. */
export const readerBusyTimeoutMs = 1000
