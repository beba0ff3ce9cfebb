import type pg from 'pg'

/** The address of a PostgreSQL server or of a pooler in front of the server, and the user. */
export type PostgresAddress = {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Undefined if the URL contains no password. */
  readonly password: string | undefined
  readonly database: string
  /** Whether connections use TLS, and verify the certificate and its host. */
  readonly tls: boolean
}

/** The settings of connections in addition to the address. */
export type PostgresAccess = {
  /**
   * PEM certificates of the only trusted certificate authorities. By default, Node's certificate authorities are
   * trusted.
   */
  readonly ca?: string
  /** Returns the current password. The function is called for each new connection. */
  readonly password?: () => Promise<string>
}

const host = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/

/**
 * Parses `postgres://USER@HOST:PORT/DATABASE?sslmode=MODE`. The port and the mode are optional. If the URL is invalid,
 * returns the problem as a text. Connections to another machine use TLS, unless the mode is `disable`. The modes
 * `require`, `verify-ca` and `verify-full` all verify the certificate and its host. [PostgreSQL, `libpq`, Connection
 * URIs]
 */
export function parsePostgresUrl(text: string): PostgresAddress | string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^postgres(?:ql)?:$/.test(url.protocol) || !host.test(url.hostname)) {
    return 'must be postgres://USER@HOST/DATABASE'
  }
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded)
  if (user === undefined || password === undefined || database === undefined) return 'must be a valid URL'
  if (user === '') return 'must name the user: postgres://USER@HOST/DATABASE'
  if (database === '' || database.includes('/')) return 'must name the database: postgres://USER@HOST/DATABASE'
  const bareHost = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const tls = parseMode(url.searchParams, bareHost)
  if (typeof tls === 'string') return tls
  const port = url.port === '' ? 5432 : Number(url.port)
  return { host: bareHost, port, user, password: password === '' ? undefined : password, database, tls }
}

/** Whether the connections use TLS. */
function parseMode(parameters: URLSearchParams, toHost: string): boolean | string {
  if ([...parameters.keys()].some((name) => name !== 'sslmode')) return 'must have no parameter except sslmode'
  const mode = parameters.get('sslmode')
  if (mode === null) return !loopback.test(toHost)
  if (/^(?:require|verify-ca|verify-full)$/.test(mode)) return true
  return mode === 'disable' ? false : 'must have an sslmode of disable, require, verify-ca or verify-full'
}

/** The settings of a connection in the form of the driver. */
export function connectionTo(address: PostgresAddress, { ca, password }: PostgresAccess): pg.ClientConfig {
  const { host, port, user, database, tls } = address
  return {
    host,
    port,
    user,
    database,
    ...((password ?? address.password) !== undefined && { password: password ?? address.password }),
    ssl: tls && { rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
    application_name: 'acrux',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
