import { type CryptoKey, type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose'
import { openTestHttpsServer } from './test-https-server.ts'

type TestKey = { readonly kid: string; readonly alg: string; readonly privateKey: CryptoKey; readonly jwk: JWK }

/** An external issuer of tokens on a loopback socket. A test can replace its keys. */
export async function openTestIssuer(path = '') {
  const requests: string[] = []
  const state = { isDown: false, cacheControl: undefined as string | undefined, keys: [] as TestKey[] }
  const overrides = new Map<string, unknown>()
  const server = await openTestHttpsServer((request, response) => {
    const url = request.url ?? ''
    requests.push(url)
    if (state.isDown) return void response.writeHead(503).end()
    const body = overrides.get(url) ?? documents().get(url)
    if (body === undefined) return void response.writeHead(404).end()
    const caching = state.cacheControl === undefined ? {} : { 'cache-control': state.cacheControl }
    response.writeHead(200, { 'content-type': 'application/json', ...caching }).end(JSON.stringify(body))
  })
  const issuer = `${server.origin}${path}`
  const configurationPath = `${path.replace(/\/$/, '')}/.well-known/openid-configuration`

  function documents(): Map<string, unknown> {
    return new Map<string, unknown>([
      [configurationPath, { issuer, jwks_uri: `${server.origin}/keys` }],
      ['/keys', { keys: state.keys.map(({ jwk }) => jwk) }],
    ])
  }

  async function addKey(alg = 'RS256', extra: Record<string, unknown> = {}): Promise<TestKey> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const kid = `key-${state.keys.length + 1}-${requests.length}`
    const key = { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig', ...extra } }
    state.keys = [...state.keys, key]
    return key
  }

  /** Signs a token with the newest key or with the given key. Undefined claims are omitted. */
  async function sign(
    claims: Record<string, unknown>,
    header: Record<string, unknown> = {},
    signer?: TestKey,
  ): Promise<string> {
    const key = signer ?? state.keys.at(-1)
    if (key === undefined) throw new Error('the issuer has no key')
    return new SignJWT(claims)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
      .sign(key.privateKey)
  }

  await addKey()
  return { ...server, issuer, requests, state, overrides, configurationPath, addKey, sign }
}
