import type { RequestListener } from 'node:http'

/** Receives every public request before the surfaces. `next` answers the request. */
export type Interceptor = (next: RequestListener) => RequestListener
