import { AsyncLocalStorage } from 'node:async_hooks'
import { parseLoginServer, withoutDefaultPort } from '@acrux/shared/standards/azure/login-server.ts'
import type { Interceptor } from './interceptor.ts'

const requestedHost = new AsyncLocalStorage<string>()

/** Runs the work for a request that was sent to a host, which `RequestedOrigin` then has. */
export function withRequestedHost<Result>(host: string, work: () => Result): Result {
  return requestedHost.run(host, work)
}

/**
 * Answers each request as one for the host that it names, and reports this host to `onHost`. A `Host` that is no host is
 * ignored.
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

/** The host to which the present request was sent; undefined outside of `withRequestedHost`. */
export function currentRequestedHost(): string | undefined {
  return requestedHost.getStore()
}

/**
 * Scheme, host and port at which the client of the present request reaches the server. Only an emulator trusts the `Host` of a
 * request: in a container, it cannot know the address outside of it.
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

/** Scheme, host and port at which clients reach the server. It is a text, except in an emulator that follows the requests. */
export type PublicOrigin = string | RequestedOrigin

/** A value that depends on the public origin: computed once for a text, and at each call for one that follows the requests. */
export function perOrigin<Value>(publicOrigin: PublicOrigin, create: (origin: string) => Value): () => Value {
  if (publicOrigin instanceof RequestedOrigin) return () => create(publicOrigin.toString())
  const value = create(publicOrigin)
  return () => value
}
