import { X509Certificate, createHash } from 'node:crypto'
import type { ClientCertificate, Credentials } from '../../credentials/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { ownValue } from '@acrux/shared/standards/http/bounded-json.ts'
import {
  type CompactToken,
  audiencesOf,
  externalClockSkewSeconds,
  findTimeProblem,
  instantClaim,
  isSignedBy,
  textClaim,
} from '../../issuers/index.ts'
import { EntraError } from '../tokens/errors.ts'

/** The maximum lifetime of an assertion. MSAL creates them for 10 minutes and sends each several times. */
const maxLifetimeSeconds = 600

const algorithms: ReadonlySet<string> = new Set(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])

/**
 * Finds the certificate whose key signed an application's own assertion. [RFC 7523 §3; Entra, certificate credentials]
 *
 * @throws EntraError
 */
export async function requireCertificate(
  { credentials, clock }: { readonly credentials: Credentials; readonly clock: Clock },
  token: CompactToken,
  appId: string,
  tokenEndpointUrls: readonly string[],
): Promise<ClientCertificate> {
  const { claims, alg } = token
  if (textClaim(claims, 'sub')?.toLowerCase() !== appId) throw new EntraError('assertionOfAnother')
  const [audience, ...others] = audiencesOf(claims)
  // An assertion with several audiences could be replayed from one to another.
  if (audience === undefined || others.length > 0 || !tokenEndpointUrls.includes(audience)) {
    throw new EntraError('assertionAudience')
  }
  const nowMs = clock.now()
  const isTooLong = (instantClaim(claims, 'exp') ?? 0) > nowMs / 1000 + maxLifetimeSeconds + externalClockSkewSeconds
  if (isTooLong || findTimeProblem(token, nowMs) !== undefined) throw assertionTime(token, nowMs)
  const named = (await credentials.clientCertificates(appId)).filter((each) => isNamed(each, token))
  if (named.length === 0) throw new EntraError('assertionSignature', ['The key was not found.'])
  const valid = named.filter(({ startsAtMs, expiresAtMs }) => nowMs >= startsAtMs && nowMs < expiresAtMs)
  if (valid.length === 0) throw new EntraError('assertionSignature', ['The key used is expired.'])
  for (const certificate of algorithms.has(alg) ? valid : []) {
    const { publicKey } = new X509Certificate(certificate.der)
    if (await isSignedBy(token, publicKey, alg)) return certificate
  }
  throw new EntraError('assertionSignature', ['The signature was not created with the key.'])
}

/** The error for a token whose times are not accepted. It names them. */
export function assertionTime({ claims }: CompactToken, nowMs: number): EntraError {
  const expiresAt = instantClaim(claims, 'exp')
  const format = (atMs: number) => new Date(atMs).toISOString()
  return new EntraError('assertionTime', [format(nowMs), expiresAt === undefined ? 'none' : format(expiresAt * 1000)])
}

/**
 * Whether the header names the certificate by its thumbprint. az pads its SHA-1, MSAL for Node sends SHA-256. A certificate in
 * the header is not read. [RFC 7515 §4.1.7, §4.1.8]
 */
function isNamed({ der }: ClientCertificate, { header }: CompactToken): boolean {
  const sha256 = ownValue(header, 'x5t#S256')
  if (sha256 !== undefined) return unpadded(sha256) === thumbprint('sha256', der)
  const sha1 = ownValue(header, 'x5t')
  if (sha1 !== undefined) return unpadded(sha1) === thumbprint('sha1', der)
  const kid = ownValue(header, 'kid')
  const hexadecimal = Buffer.from(thumbprint('sha1', der), 'base64url').toString('hex')
  return typeof kid === 'string' && (kid.toLowerCase() === hexadecimal || unpadded(kid) === thumbprint('sha1', der))
}

function thumbprint(algorithm: 'sha1' | 'sha256', der: Uint8Array): string {
  return createHash(algorithm).update(der).digest('base64url')
}

function unpadded(value: unknown): string | undefined {
  return typeof value === 'string' ? value.replace(/={1,2}$/, '') : undefined
}
