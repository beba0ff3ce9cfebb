import { type LoginServer, parseLoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { currentRequestedHost } from '../platform/http/requested-origin.ts'

/** Converts the stored login servers for the client of the present request. */
export type LoginServerView = {
  readonly shown: (stored: LoginServer) => LoginServer
  /** The stored login server for a requested host. */
  readonly stored: (requested: LoginServer) => LoginServer
}

/**
 * Login servers that depend on the host of the request. The first registry is available at every host. The host of another registry is its
 * name and the suffix, with the port of the request.
 */
export function requestedLoginServers(publicHost: string, suffix: string): LoginServerView {
  const bareSuffix = withoutPort(suffix)
  const isNamed = (host: string) => withoutPort(host).endsWith(bareSuffix)
  return {
    shown: (stored) => {
      const requested = currentRequestedHost()
      if (requested === undefined) return stored
      const text = isNamed(stored)
        ? `${withoutPort(stored)}${portOf(requested)}`
        : isNamed(requested)
          ? `${withoutPort(publicHost)}${portOf(requested)}`
          : requested
      return parseLoginServer(text) ?? stored
    },
    stored: (requested) => {
      if (isNamed(requested)) return parseLoginServer(`${withoutPort(requested)}${portOf(suffix)}`) ?? requested
      const isServed = requested === currentRequestedHost() || withoutPort(requested) === withoutPort(publicHost)
      return (isServed ? parseLoginServer(publicHost) : undefined) ?? requested
    },
  }
}

function portOf(host: string): string {
  return /:\d+$/.exec(host)?.[0] ?? ''
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '')
}
