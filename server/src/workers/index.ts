export { CountedRequests } from './counted-requests.ts'
export { ForwardedEvents } from './forwarded-events.ts'
export type { Counted, FromWorker, ToWorker, WorkerStart } from './messages.ts'
export { type CommonStart, WorkerPool } from './worker-pool.ts'
