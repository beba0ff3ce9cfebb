import { type KeyObject, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { Outbound } from '../../platform/outbound/outbound.ts'
import type { Clock } from '../../platform/process/clock.ts'

/** The claims of a workload token. */
export type WorkloadClaims = {
  readonly subject: string
  /** The issuer, an HTTPS URL; the default is {@link defaultIssuer}. */
  readonly issuer?: string | undefined
  /** The audience. The default is the audience of Azure. */
  readonly audience?: string | undefined
}

/** Issues tokens in the name of any external issuer, and publishes the keys only to this server. */
export interface WorkloadIssuer {
  /** Issues a token that is valid for one hour by the clock of the emulator. */
  readonly issue: (claims: WorkloadClaims) => string
  /** Connections that return the configuration and the keys of this issuer for every issuer that a token contained. */
  readonly publish: (outbound: Outbound) => Outbound
}

/** The issuer of tokens whose request contains no issuer. */
export const defaultIssuer = 'https://workloads.acrux.test'

const defaultAudience = 'api://AzureADTokenExchange'
const lifetimeSeconds = 3600

/** The URL of the keys. The server sends no request to this URL. */
const keysUrl = 'https://workloads.acrux.test/keys'

type SigningKey = { readonly kid: string; readonly privateKey: KeyObject; readonly jwk: Record<string, string> }

function createSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomUUID()
  const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return { kid, privateKey, jwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } }
}

/** Creates the issuer. The issuer creates its key with the first token. */
export function createWorkloadIssuer(clock: Clock): WorkloadIssuer {
  let key: SigningKey | undefined
  /** The issuers by the URL of their configuration. */
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
