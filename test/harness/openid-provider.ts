import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { Provider } from 'oidc-provider'
import { mustRun } from './clients.ts'
import { freePort } from './free-port.ts'
import { tempDir } from './temp-dir.ts'

/** The claims of a provider about a person, without the subject, which is the name that they sign in with. */
export interface Person {
  name: string
  email: string
  groups: string[]
}

/** An OpenID provider of an organisation, independent of the server under test, with sign-in pages of its own. */
export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string
  /** Its people by subject; changes apply from the next sign-in on. */
  readonly people: Map<string, Person>
  /** Its entry for the setting `identityProviders`. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Ends it like a crash; `start` starts it again. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** Starts a provider on a free port of loopback, with a certificate of its own making. Needs `openssl`. */
export async function startOpenIdProvider(name: string, redirectUri: string): Promise<OpenIdProvider> {
  const home = tempDir(`provider-${name}`)
  const file = (part: string): string => join(home.path, part)
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key.pem')]
  const environment = { env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home.path } }
  await mustRun('openssl', ['req', '-x509', ...key, '-out', file('cert.pem'), '-days', '2', ...names], environment)
  const clientSecret = `a secret of ${name} & "more"`
  writeFileSync(file('secret'), clientSecret)
  chmodSync(file('secret'), 0o600)

  const port = await freePort()
  const issuer = `https://localhost:${port}`
  const people = new Map<string, Person>()
  const signingKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...signingKey, kid: name, use: 'sig', alg: 'RS256' }] },
    clients: [{ client_id: 'acrux', client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], profile: ['name'], email: ['email'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    conformIdTokenClaims: false,
    // Cookies know no ports, and all servers of the test are called localhost.
    cookies: {
      keys: ['of the test'],
      names: { interaction: `${name}_interaction`, resume: `${name}_resume`, session: `${name}_session` },
    },
    findAccount: (_context: unknown, subject: string) => ({
      accountId: subject,
      claims: () => ({ sub: subject, ...people.get(subject) }),
    }),
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
  })
  const server = createServer(
    { key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) },
    provider.callback(),
  )
  const start = async (): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const stop = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  await start()
  return {
    issuer,
    people,
    settings: {
      name,
      displayName: `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
      issuer,
      clientId: 'acrux',
      clientSecretFile: file('secret'),
      scopes: ['openid', 'profile', 'email', 'groups'],
      caFile: file('cert.pem'),
      privateNetwork: true,
    },
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await stop()
      home.remove()
    },
  }
}
