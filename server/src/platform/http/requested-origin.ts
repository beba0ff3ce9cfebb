import { AsyncLocalStorage } from 'node:async_hooks'
import { parseLoginServer, withoutDefaultPort } from '@acrux/shared/standards/azure/login-server.ts'
import type { Interceptor } from './interceptor.ts'

const requestedHost = new AsyncLocalStorage<string>()

/** Runs the work for a request that was sent to `host`. During the work, `RequestedOrigin` uses this host. */
export function withRequestedHost<Result>(host: string, work: () => Result): Result {
  return requestedHost.run(host, work)
}

/**
 * Answers each request with the host of its `Host` header as the requested host, and reports this host to `onHost`. An
 * invalid `Host` header is ignored.
 */
export function followRequests(defaultPort: number, onHost?: (host: string) => void): Interceptor {
  return (next) => (request, response) => {
    const host = parseLoginServer(request.headers.host ?? '')
    if (host === undefined) next(request, response)
    else {
      const requested = withoutDefaultPort(host, defaultPort)
      onHost?.(requested)
      withRequestedHost(requested, () => next(request, response))
    }
  }
}

/** The host to which the current request was sent. Undefined outside of `withRequestedHost`. */
export function currentRequestedHost(): string | undefined {
  return requestedHost.getStore()
}

/**
 * Scheme, host and port at which the client of the current request reaches the server. Only an emulator trusts the
 * `Host` of a request, because an emulator in a container cannot detect its address outside of the container.
 */
export class RequestedOrigin {
  readonly #scheme: 'http' | 'https'
  readonly #fallback: string

  /** `fallbackHost` is used outside of a request. */
  constructor(scheme: 'http' | 'https', fallbackHost: string) {
    this.#scheme = scheme
    this.#fallback = fallbackHost
  }

  toString(): string {
    return `${this.#scheme}://${requestedHost.getStore() ?? this.#fallback}`
  }
}

/**
 * Scheme, host and port at which clients reach the server. The value is a text, or an object in an emulator that uses
 * the host of each request.
 */
export type PublicOrigin = string | RequestedOrigin

/**
 * A value that depends on the public origin. If the origin is a text, the value is computed once. Otherwise the value
 * is computed at each call.
 */
export function perOrigin<Value>(publicOrigin: PublicOrigin, create: (origin: string) => Value): () => Value {
  if (publicOrigin instanceof RequestedOrigin) return () => create(publicOrigin.toString())
  const value = create(publicOrigin)
  return () => value
}
