import { hash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type JWK, type JWTPayload, SignJWT, exportJWK, generateKeyPair } from 'jose'
import { issueAuthority, issueServerCertificate } from '../../src/platform/tls/issue.ts'

/** Replacements for the responses of a test provider. */
export type Overrides = {
  /** Replaces members of the configuration. */
  readonly configuration?: Record<string, unknown>
  /** Replaces the whole body of the configuration. */
  readonly configurationBody?: string
  readonly configurationStatus?: number
  /** Replaces claims of the ID token; undefined removes one. */
  readonly claims?: Record<string, unknown>
  /** Creates the ID token. */
  readonly idToken?: (claims: JWTPayload) => Promise<string> | string
  /** Replaces the response of the token endpoint. */
  readonly token?: { readonly status: number; readonly body: unknown; readonly location?: string }
}

type Issued = { readonly challenge: string; readonly nonce: string; readonly claims: JWTPayload }

/** The state of a test provider, which a test may change while it runs. */
type ProviderState = {
  issuer: string
  overrides: Overrides
  readonly issued: Map<string, Issued>
  readonly jwk: JWK
  readonly now: () => number
  readonly sign: (claims: JWTPayload) => Promise<string>
}

/** A small OpenID provider over TLS, whose responses a test can replace. `now` is its clock. */
export async function startTestProvider(basePath = '', now = () => Date.now()) {
  const authority = await issueAuthority(Date.now())
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-provider-'))
  const caFile = path.join(directory, 'ca.pem')
  const secretFile = path.join(directory, 'secret')
  await writeFile(caFile, authority.cert)
  await writeFile(secretFile, 'the-secret-of-acrux\n', { mode: 0o600 })
  const state: ProviderState = { issuer: '', overrides: {}, issued: new Map(), now, ...(await createSigner()) }
  const responses = createResponses(basePath, state)
  const seen: SeenRequest[] = []

  async function respond(response: ServerResponse, pathname: string, body: string): Promise<void> {
    const { status, body: text, location } = (await responses[pathname]?.(new URLSearchParams(body))) ?? notFound
    const headers = { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) }
    response.writeHead(status, headers).end(text)
  }

  const hosts = { dnsNames: ['localhost', 'login.microsoftonline.com'], addresses: ['127.0.0.1', '127.0.0.2'] }
  const { cert, key } = await issueServerCertificate(authority, hosts, Date.now())
  const server = https.createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { pathname } = new URL(request.url ?? '', 'https://provider')
      const body = Buffer.concat(chunks).toString()
      seen.push({ path: pathname, authorization: request.headers.authorization, body })
      void respond(response, pathname, body)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const issuer = `https://localhost:${port}${basePath}`
  state.issuer = issuer

  return {
    issuer,
    port,
    caFile,
    authority,
    secretFile,
    seen,
    sign: state.sign,
    jwk: state.jwk,
    override: (overrides: Overrides) => {
      state.overrides = overrides
    },
    renameIssuer: (name: string) => {
      state.issuer = name
    },
    /** Signs a person in at the URL of the authorization request. Returns the query of the callback. */
    signIn: (location: string, claims: JWTPayload): URLSearchParams => {
      const { searchParams } = new URL(location)
      const code = randomBytes(16).toString('hex')
      const challenge = searchParams.get('code_challenge') ?? ''
      state.issued.set(code, { challenge, nonce: searchParams.get('nonce') ?? '', claims })
      return new URLSearchParams({ code, state: searchParams.get('state') ?? '', iss: state.issuer })
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
      await rm(directory, { recursive: true })
    },
  }
}

type SeenRequest = { readonly path: string; readonly authorization: string | undefined; readonly body: string }

async function createSigner(): Promise<Pick<ProviderState, 'jwk' | 'sign'>> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  return {
    jwk: { ...(await exportJWK(publicKey)), kid: 'first', alg: 'RS256', use: 'sig' },
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'first' }).sign(privateKey),
  }
}

type Respond = (form: URLSearchParams) => Promise<ProviderResponse> | ProviderResponse

/** The responses of a provider, by path. */
function createResponses(basePath: string, state: ProviderState): Readonly<Record<string, Respond>> {
  return {
    [`${basePath}/.well-known/openid-configuration`]: () => ({
      status: state.overrides.configurationStatus ?? 200,
      body:
        state.overrides.configurationBody ??
        JSON.stringify({ ...configurationOf(state.issuer), ...state.overrides.configuration }),
    }),
    [`${basePath}/keys`]: () => ({ status: 200, body: JSON.stringify({ keys: [state.jwk] }) }),
    [`${basePath}/token`]: (form) => respondWithTokens(form, state),
  }
}

async function respondWithTokens(
  form: URLSearchParams,
  { issuer, overrides, issued, now, sign }: ProviderState,
): Promise<ProviderResponse> {
  if (overrides.token !== undefined) {
    const { status, body, location } = overrides.token
    return { status, body: JSON.stringify(body), ...(location === undefined ? {} : { location }) }
  }
  const code = issued.get(form.get('code') ?? '')
  issued.delete(form.get('code') ?? '')
  const challenge = hash('sha256', form.get('code_verifier') ?? '', 'base64url')
  if (code?.challenge !== challenge) return { status: 400, body: '{"error":"invalid_grant"}' }
  const nowSeconds = Math.floor(now() / 1000)
  const times = { iat: nowSeconds, exp: nowSeconds + 300 }
  const claims = { iss: issuer, aud: 'acrux', nonce: code.nonce, ...times, ...code.claims, ...overrides.claims }
  const idToken = await (overrides.idToken ?? sign)(claims)
  return { status: 200, body: JSON.stringify({ access_token: 'a', token_type: 'Bearer', id_token: idToken }) }
}

type ProviderResponse = { readonly status: number; readonly body: string; readonly location?: string }

const notFound: ProviderResponse = { status: 404, body: '{}' }

function configurationOf(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
  }
}

/** A test provider. */
export type TestProvider = Awaited<ReturnType<typeof startTestProvider>>
