import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto'
import type { EnrollmentProof, MachineAssertion, WantedIdentity } from '@acrux/shared/wire/machine-protocol.ts'

/** The lifetime of an assertion. The lifetime is short, because an assertion is sent at once. */
const assertionSeconds = 120

/** Creates the key of a machine as PKCS #8 PEM. The key never leaves the machine. */
export function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' })
}

/** A JWT that shows the server that the sender of the code has the key. */
export function enrollmentProof(privateKeyPem: string, code: string): string {
  const key = createPrivateKey(privateKeyPem)
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
  const claims: EnrollmentProof = { code_sha256: hash('sha256', code, 'base64url') }
  return signJwt({ typ: 'acrux-enroll+jwt', jwk: { kty, crv, x, y } }, claims, key)
}

/** The client assertion of the machine for the token endpoint, with the requested identity. [RFC 7523 §3] */
export function machineAssertion(
  machine: {
    readonly privateKey: string
    readonly keyId: string
    readonly clientId: string
    readonly tokenEndpoint: string
  },
  wanted: WantedIdentity | undefined,
  nowMs: number,
): string {
  const { privateKey, keyId, clientId, tokenEndpoint } = machine
  const iat = Math.floor(nowMs / 1000)
  const claims: MachineAssertion = {
    iss: clientId,
    sub: clientId,
    aud: tokenEndpoint,
    iat,
    exp: iat + assertionSeconds,
    jti: randomUUID(),
    ...(wanted !== undefined && { acrux_identity: wanted }),
  }
  return signJwt({ typ: 'acrux-machine+jwt', kid: keyId }, claims, createPrivateKey(privateKey))
}

/** Signs with ES256. [RFC 7515 §7.1; RFC 7518 §3.4] */
function signJwt(header: object, claims: object, key: KeyObject): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: 'ES256', ...header })}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}
