import { createHmac, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import { stringAt } from '../harness/json.ts'

/** The parts of a signed token, the first two read as JSON. */
export interface TokenParts {
  header: Record<string, unknown>
  claims: Record<string, unknown>
  signature: string
}

/** A pair of keys that the server has never seen. */
export interface KeyPair {
  publicKey: KeyObject
  privateKey: KeyObject
}

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

function decode(part: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8')) as Record<string, unknown>
}

/** Splits a token into its parts, and does not check its signature. */
export function partsOf(token: string): TokenParts {
  const [header, claims, signature = ''] = token.split('.')
  return { header: decode(header), claims: decode(claims), signature }
}

/** The token with another header or other claims under the old signature. */
export function tampered(token: string, header: object, claims: object = {}): string {
  const parts = partsOf(token)
  return [encode({ ...parts.header, ...header }), encode({ ...parts.claims, ...claims }), parts.signature].join('.')
}

/** New keys of the kind that signs tokens of this algorithm. */
export function attackerKeys(alg: string): KeyPair {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (alg === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  throw new Error(`no keys for ${alg}`)
}

/** A token with the claims, and otherwise with the header, signed by the attacker's key. */
export function signedBy(keys: KeyPair, header: object, claims: object | string): string {
  const input = `${encode(header)}.${encode(claims)}`
  const key = { key: keys.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** A token whose HMAC is made with the given secret. */
export function hmacSigned(secret: string | Buffer, header: object, claims: object): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** A token with no signature. */
export function unsigned(header: object, claims: object): string {
  return `${encode(header)}.${encode(claims)}.`
}

/** The same token from the attacker's key, with the genuine header, including `kid`, and further members. */
export function forgedFrom(genuine: string, keys: KeyPair, header: object = {}, claims: object = {}): string {
  const parts = partsOf(genuine)
  return signedBy(keys, { ...parts.header, ...header }, { ...parts.claims, ...claims })
}

/** The algorithm that a token names. */
export function algorithmOf(token: string): string {
  return stringAt(partsOf(token).header, 'alg')
}

function der(tag: number, ...contents: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(contents.map((content) => Buffer.from(content)))
  const { length } = body
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

/** An instant of this century, as certificates have it. [RFC 5280 §4.1.2.5.1] */
function utcTime(instant: Date): string {
  return `${instant.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`
}

/** The base64 of a self-signed certificate, as in `x5c`. [RFC 5280 §4.1] */
export function selfSignedCertificate(
  { publicKey, privateKey }: KeyPair,
  from = new Date('2020-01-01T00:00:00Z'),
  until = new Date('2049-12-31T23:59:59Z'),
): string {
  const ecdsaWithSha256 = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
  const rsaWithSha256 = der(0x30, der(0x06, Buffer.from('2a864886f70d01010b', 'hex')), der(0x05))
  const algorithm = publicKey.asymmetricKeyType === 'ec' ? ecdsaWithSha256 : rsaWithSha256
  const commonName = der(0x30, der(0x06, Buffer.from('550403', 'hex')), der(0x0c, 'attacker'))
  const name = der(0x30, der(0x31, commonName))
  const validity = der(0x30, der(0x17, utcTime(from)), der(0x17, utcTime(until)))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const version = der(0xa0, der(0x02, Buffer.from([2])))
  const body = der(0x30, version, der(0x02, Buffer.from([1])), algorithm, name, validity, name, spki)
  const signature = sign('sha256', body, privateKey)
  return der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature)).toString('base64')
}

/** The times and the id of an assertion that is valid now. */
export function timesNow(): { iat: number; nbf: number; exp: number; jti: string } {
  const iat = Math.floor(Date.now() / 1000)
  return { iat, nbf: iat, exp: iat + 200, jti: randomUUID() }
}
