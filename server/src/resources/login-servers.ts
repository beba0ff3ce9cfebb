import { type LoginServer, parseLoginServer, withoutDefaultPort } from '@acrux/shared/standards/azure/login-server.ts'
import { parseRegistryName } from '@acrux/shared/standards/azure/registry-name.ts'

/** The settings of login servers. */
export type LoginServerSettings = {
  /** The part of a login server after the name, such as `.azurecr.localhost:5443`. */
  readonly suffix: string
  /** The port that clients omit from a host: 443, except for plain HTTP. */
  readonly defaultPort: number
}

/** The login server of a registry that has this name. */
export function loginServerFor({ suffix }: LoginServerSettings, name: string): LoginServer {
  const loginServer = parseLoginServer(`${name}${suffix}`)
  if (loginServer === undefined) throw new Error(`"${name}${suffix}" is not a login server`)
  return loginServer
}

/** The registry name in a host that consists of a name and the suffix. `az` guesses this host if it may not read the registry. */
export function nameAtHost(settings: LoginServerSettings, host: LoginServer): string | undefined {
  const { defaultPort } = settings
  const name = parseRegistryName(host.split('.')[0] ?? '')
  if (name === undefined) return undefined
  const guessed = withoutDefaultPort(loginServerFor(settings, name), defaultPort)
  return guessed === withoutDefaultPort(host, defaultPort) ? name : undefined
}

/** The other spelling of the same authority, with or without the default port. A host with another port has only one spelling. */
export function withOtherPort(loginServer: LoginServer, defaultPort: number): string {
  const [port] = /:[0-9]+$/.exec(loginServer) ?? []
  if (port === undefined) return `${loginServer}:${defaultPort}`
  return port === `:${defaultPort}` ? loginServer.slice(0, -port.length) : loginServer
}
