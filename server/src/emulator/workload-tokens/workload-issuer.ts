import { type KeyObject, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { Outbound } from '../../platform/outbound/outbound.ts'
import type { Clock } from '../../platform/process/clock.ts'

/** The claims of a workload token. */
export type WorkloadClaims = {
  readonly subject: string
  /** An HTTPS URL; {@link defaultIssuer} by default. */
  readonly issuer?: string | undefined
  /** That of Azure by default. */
  readonly audience?: string | undefined
}

/** Issues tokens in the name of any external issuer, and publishes its keys to this server only. */
export interface WorkloadIssuer {
  /** A token that is valid for an hour of the clock. */
  readonly issue: (claims: WorkloadClaims) => string
  /** Connections on which the configuration and the keys of all issuers that a token named are those of this issuer. */
  readonly publish: (outbound: Outbound) => Outbound
}

/** The issuer of tokens that name none. */
export const defaultIssuer = 'https://workloads.acrux.test'

const defaultAudience = 'api://AzureADTokenExchange'
const lifetimeSeconds = 3600

/** Where the keys are. No request is sent to it. */
const keysUrl = 'https://workloads.acrux.test/keys'

type SigningKey = { readonly kid: string; readonly privateKey: KeyObject; readonly jwk: Record<string, string> }

function createSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomUUID()
  const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return { kid, privateKey, jwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } }
}

/** Creates the issuer. Its key is created with the first token. */
export function createWorkloadIssuer(clock: Clock): WorkloadIssuer {
  let key: SigningKey | undefined
  /** By the URL of the configuration. */
  const issuers = new Map<string, string>()
  return {
    issue: ({ subject, issuer = defaultIssuer, audience = defaultAudience }) => {
      key ??= createSigningKey()
      issuers.set(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, issuer)
      const iat = Math.floor(clock.now() / 1000)
      const claims = {
        iss: issuer,
        sub: subject,
        aud: audience,
        iat,
        nbf: iat,
        exp: iat + lifetimeSeconds,
        jti: randomUUID(),
      }
      return signToken(key, claims)
    },
    publish: (outbound) => ({
      ...outbound,
      getJson: async (url) => {
        const issuer = issuers.get(url)
        if (issuer !== undefined) return { value: { issuer, jwks_uri: keysUrl }, maxAgeSeconds: undefined }
        if (key !== undefined && url === keysUrl) return { value: { keys: [key.jwk] }, maxAgeSeconds: undefined }
        return outbound.getJson(url)
      },
    }),
  }
}

/** A JWS in its compact form. [RFC 7515 §3.1] */
function signToken({ kid, privateKey }: SigningKey, claims: object): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const text = `${encode({ alg: 'ES256', typ: 'JWT', kid })}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}
