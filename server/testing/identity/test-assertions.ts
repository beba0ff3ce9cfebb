import { createHash, hash, randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { type CryptoKey, SignJWT } from 'jose'
import type { KeyCredential } from '../../src/credentials/index.ts'
import { createOutbound } from '../../src/platform/outbound/outbound.ts'
import { openTestIssuer } from '../platform/test-issuer.ts'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { selfSignedCertificate } from '../platform/test-certificate.ts'
import { openTestProvider, testOrigin, testTenantId } from './test-provider.ts'
import { usualDatabaseKind } from '../platform/test-database.ts'

/** Claims with values of any type. */
export type Claims = Record<string, unknown>

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const dayMs = 24 * 60 * 60 * 1000
export const exchangeAudience = 'api://AzureADTokenExchange'

/** The provider with an application that authenticates with assertions, and an external issuer. */
export async function openTestApplication(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const issuer = await openTestIssuer('/tenant')
  const outbound = createOutbound({
    allowPrivateAddresses: true,
    allowedNetworks: [],
    extraCa: issuer.ca,
    timeoutMs: 60_000,
  })
  const provider = await openTestProvider(kind, { outbound })
  t.after(async () => {
    await provider.close()
    await issuer.close()
  })
  const { application, servicePrincipal, secret } = await provider.createApplication('application')
  const { appId, objectId } = servicePrincipal

  const audience = `${testOrigin}/${testTenantId}/oauth2/v2.0/token`
  const present = async (assertion: string, change: Record<string, string | undefined> = {}) => {
    const form = provider.form({
      client_id: appId,
      client_secret: undefined,
      client_assertion: assertion,
      client_assertion_type: jwtBearer,
      ...change,
    })
    const response = await provider.post(provider.tokenPath, form)
    const body = (await response.json()) as { access_token?: string; error?: string; error_codes?: number[] }
    return { status: response.status, token: body.access_token, error: body.error, code: body.error_codes?.[0] }
  }
  return { ...provider, issuer, application, appId, objectId, secret, audience, present }
}

export type TestApplication = Awaited<ReturnType<typeof openTestApplication>>

/** Adds a certificate that is valid for `days`, in addition to the certificates `others`. */
export async function addCertificate(
  { change, application, time }: TestApplication,
  days = 30,
  others: readonly KeyCredential[] = [],
) {
  const made = await selfSignedCertificate(new Date(time.nowMs - dayMs), new Date(time.nowMs + days * dayMs))
  const defaults = { displayName: null, startsAtMs: undefined, expiresAtMs: undefined }
  const keyCredential: KeyCredential = { keyId: randomUUID(), key: made.wrapped, ...defaults }
  await change((transaction, modules) =>
    modules.replaceCertificates(transaction, 'applications', application.objectId, [...others, keyCredential]),
  )
  return { ...made, keyCredential }
}

/** The thumbprints with which headers identify a certificate. */
export const sha1Of = (der: Uint8Array) => createHash('sha1').update(der).digest('base64url')
export const sha256Of = (der: Uint8Array) => hash('sha256', der, 'base64url')

/** Signs claims with the key of a certificate. */
export async function signWith(
  privateKey: CryptoKey,
  header: Record<string, unknown>,
  claims: Claims,
): Promise<string> {
  const { alg = 'RS256', ...rest } = header
  // A Web Crypto key has only one algorithm, but the tests use one key with two algorithms.
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', privateKey)
  const name = String(alg).startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, { name, hash: 'SHA-256' }, false, ['sign'])
  return new SignJWT(claims).setProtectedHeader({ alg: String(alg), typ: 'JWT', ...rest }).sign(key)
}

/** An assertion in the format of MSAL for Python: with padded `x5t`, times with fractions, and without `nbf`. */
export function azAssertion(
  opened: TestApplication,
  made: Awaited<ReturnType<typeof addCertificate>>,
  claims: Claims = {},
  header: Record<string, unknown> = {},
) {
  const nowSeconds = opened.time.nowMs / 1000 + 0.0970092
  return signWith(
    made.privateKey,
    { x5t: `${sha1Of(made.der)}=`, ...header },
    {
      aud: opened.audience,
      iss: opened.appId,
      sub: opened.appId,
      exp: nowSeconds + 600,
      iat: nowSeconds,
      jti: 'an id',
      ...claims,
    },
  )
}

/** The claims of a workload token that the application trusts. */
export const workloadClaims = ({ issuer, time }: TestApplication, change: Claims = {}): Claims => ({
  iss: issuer.issuer,
  sub: 'system:serviceaccount:team:builder',
  aud: [exchangeAudience],
  iat: Math.floor(time.nowMs / 1000),
  nbf: Math.floor(time.nowMs / 1000),
  exp: Math.floor(time.nowMs / 1000) + 3600,
  ...change,
})

/** Adds a federated credential to an application. By default, the function uses the external issuer and the application of the test. */
export async function trust({ change, application, issuer }: TestApplication, holder = application, trusted = issuer) {
  const { objectId: holderId, appId } = holder
  await change((transaction, { federatedCredentials }) =>
    federatedCredentials.create(
      transaction,
      { holderId, appId },
      {
        name: 'external',
        issuer: trusted.issuer,
        trust: { kind: 'subject', subject: 'system:serviceaccount:team:builder' },
        audience: exchangeAudience,
        description: null,
      },
    ),
  )
}
