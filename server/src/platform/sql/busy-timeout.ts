/**
 * The maximum time in milliseconds that a statement waits for another process's lock on the database. After this time,
 * the request is answered with 503.
 */
export const busyTimeoutMs = 5000

/**
 * The maximum time in milliseconds that a read waits for a lock. The wait blocks the main thread. In write-ahead mode,
 * reads seldom wait.
 */
export const readerBusyTimeoutMs = 1000
