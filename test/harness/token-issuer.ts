import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { mustRun } from './clients.ts'
import { freePort } from './free-port.ts'
import { tempDir } from './temp-dir.ts'

/** An issuer of tokens that is not the server under test: a CI system, a cluster, another tenant. */
export interface HttpsServer extends AsyncDisposable {
  readonly origin: string
  readonly caFile: string
  /** The requested paths, in order. */
  readonly requests: string[]
}

/** An issuer whose tokens say whatever a test wants. */
export interface TokenIssuer extends HttpsServer {
  /** Responses in addition to the configuration and the keys, by path. */
  readonly documents: Map<string, unknown>
  /** A JWT with these claims, which expires in an hour unless they say otherwise. */
  token(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): string
  /** Makes a new key, which signs from now on. The earlier keys are no longer published. */
  rotate(): void
}

/** Arguments of `acrux serve` with which issuers on this machine may be trusted. */
export function trustArguments(issuer: Pick<HttpsServer, 'caFile'>): string[] {
  return ['--outbound-allowed-networks', '127.0.0.1', '--outbound-ca-file', issuer.caFile]
}

/** Where a server listens, and its origin. */
export type Place = { readonly origin: string; readonly address: string; readonly port: number }

/** Creates a certificate for host names, and its key. `validity` are the arguments of `openssl req` that limit it. Needs `openssl`. */
export async function createCertificate(
  folder: string,
  hostnames: readonly string[] = ['localhost'],
  validity: readonly string[] = ['-days', '2'],
): Promise<{ readonly certFile: string; readonly keyFile: string }> {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const alternatives = hostnames.map((name) => `DNS:${name}`).join(',')
  const names = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${alternatives}`]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile]
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: folder }
  await mustRun('openssl', ['req', '-x509', ...key, '-out', certFile, ...validity, ...names], { env })
  return { certFile, keyFile }
}

/**
 * Serves on loopback with a certificate of its own making, for these names. `validity` are the arguments of `openssl req` that
 * limit it. Needs `openssl`.
 */
export async function serveHttps(
  handlerOf: (origin: string) => RequestListener,
  hostnames: readonly string[] = ['localhost'],
  validity: readonly string[] = ['-days', '2'],
  place?: Place,
): Promise<HttpsServer> {
  const home = tempDir('issuer')
  const { certFile, keyFile } = await createCertificate(home.path, hostnames, validity)
  const port = place?.port ?? (await freePort())
  const origin = place?.origin ?? `https://localhost:${port}`
  const handler = handlerOf(origin)
  const requests: string[] = []
  const tls = { key: readFileSync(keyFile), cert: readFileSync(certFile) }
  const server = createServer(tls, (incoming, response) => {
    requests.push(incoming.url ?? '')
    handler(incoming, response)
  })
  server.listen(port, place?.address ?? '127.0.0.1')
  await once(server, 'listening')
  return {
    origin,
    caFile: certFile,
    requests,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      home[Symbol.dispose]()
    },
  }
}

/** Starts an issuer of loopback that signs with RS256. Needs `openssl`. */
export async function startTokenIssuer(place?: Place): Promise<TokenIssuer> {
  const documents = new Map<string, unknown>()
  let count = 0
  let current: { readonly kid: string; readonly privateKey: KeyObject }
  const rotate = (): void => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    count += 1
    current = { kid: `key-${count}`, privateKey }
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: current.kid, use: 'sig', alg: 'RS256' }
    documents.set('/keys', { keys: [jwk] })
  }
  rotate()
  const handlerOf = (origin: string): RequestListener => {
    documents.set('/.well-known/openid-configuration', { issuer: origin, jwks_uri: `${origin}/keys` })
    return (incoming, response) => {
      const document = documents.get(incoming.url ?? '')
      response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(document ?? {}))
    }
  }
  const names = place === undefined ? undefined : [new URL(place.origin).hostname]
  const server = await serveHttps(handlerOf, names, undefined, place)
  const token: TokenIssuer['token'] = (claims, header = {}) => {
    const now = Math.floor(Date.now() / 1000)
    const all = { iss: server.origin, iat: now, nbf: now, exp: now + 3600, ...claims }
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${encoded({ alg: 'RS256', typ: 'JWT', kid: current.kid, ...header })}.${encoded(all)}`
    return `${signed}.${sign('sha256', Buffer.from(signed), current.privateKey).toString('base64url')}`
  }
  return { ...server, documents, token, rotate }
}
