import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { readJson, send } from './client.ts'
import type {
  GraphApplication,
  GraphFederatedIdentityCredential,
  GraphFederatedIdentityCredentials,
  GraphPasswordCredential,
  GraphServicePrincipal,
  GraphServicePrincipalPage,
  GraphWorkloadTokenTest,
} from './graph-types.ts'

const applicationPath = (id: string) => `graph/applications/${encodeURIComponent(id)}`

/** An application with its secrets and certificates. */
export async function readApplication(id: string, signal: AbortSignal): Promise<GraphApplication> {
  return (await readJson<GraphApplication>(applicationPath(id), { signal })).body
}

/** The service principal of an application, which has its permissions. */
export async function readPrincipal(appId: string, signal: AbortSignal): Promise<GraphServicePrincipal | undefined> {
  const query = new URLSearchParams({ $filter: `appId eq ${odataText(appId)}` })
  const path = `graph/servicePrincipals?${query.toString()}`
  return (await readJson<GraphServicePrincipalPage>(path, { signal })).body.value[0]
}

/** Creates an application and its service principal. */
export async function createApplication(displayName: string): Promise<GraphApplication> {
  const { body } = await readJson<GraphApplication>('graph/applications', { method: 'POST', body: { displayName } })
  await send('graph/servicePrincipals', { method: 'POST', body: { appId: body.appId } })
  return body
}

/** Deletes an application with its credentials and permissions. */
export async function deleteApplication(id: string): Promise<void> {
  await send(applicationPath(id), { method: 'DELETE' })
}

/** Allows an application to sign in, or blocks it. */
export async function enablePrincipal(id: string, accountEnabled: boolean): Promise<void> {
  await send(`graph/servicePrincipals/${id}`, { method: 'PATCH', body: { accountEnabled } })
}

/** Creates a secret. Only this answer contains it. */
export async function createSecret(id: string, displayName: string, days: number): Promise<GraphPasswordCredential> {
  const endDateTime = new Date(Date.now() + days * 86_400_000).toISOString()
  const body = { passwordCredential: { ...(displayName !== '' && { displayName }), endDateTime } }
  const path = `${applicationPath(id)}/addPassword`
  return (await readJson<GraphPasswordCredential>(path, { method: 'POST', body })).body
}

/** Deletes a secret. Tokens that were obtained with the secret are denied from the next request on. */
export async function deleteSecret(id: string, keyId: string): Promise<void> {
  await send(`${applicationPath(id)}/removePassword`, { method: 'POST', body: { keyId } })
}

type Certificates = GraphApplication['keyCredentials']

/** Adds a certificate in PEM, or as DER in Base64. */
export async function addCertificate(id: string, present: Certificates, pem: string): Promise<void> {
  const key = pem.replaceAll(/-----[^-]+-----/g, '').replaceAll(/\s+/g, '')
  const added = { type: 'AsymmetricX509Cert', usage: 'Verify', key }
  await send(applicationPath(id), { method: 'PATCH', body: { keyCredentials: [...present, added] } })
}

/** Deletes a certificate. */
export async function deleteCertificate(id: string, present: Certificates, keyId: string): Promise<void> {
  const keyCredentials = present.filter((certificate) => certificate.keyId !== keyId)
  await send(applicationPath(id), { method: 'PATCH', body: { keyCredentials } })
}

/** The tokens of other issuers that an application trusts. */
export async function listFederated(id: string, signal: AbortSignal) {
  const path = `${applicationPath(id)}/federatedIdentityCredentials`
  return (await readJson<GraphFederatedIdentityCredentials>(path, { signal })).body.value
}

/** The properties of a new federated credential: a subject or claims. */
export type NewFederated = Pick<GraphFederatedIdentityCredential, 'name' | 'issuer'> & {
  readonly audiences: readonly [string]
  readonly subject?: string
  readonly claimsMatchingExpression?: { readonly value: string; readonly languageVersion: 1 }
}

/** Makes an application trust the tokens of a job. */
export async function createFederated(id: string, body: NewFederated): Promise<void> {
  await send(`${applicationPath(id)}/federatedIdentityCredentials`, { method: 'POST', body })
}

/** Removes the trust of an application in the tokens of a job. */
export async function deleteFederated(id: string, credentialId: string): Promise<void> {
  await send(`${applicationPath(id)}/federatedIdentityCredentials/${credentialId}`, { method: 'DELETE' })
}

/** Compares the token of a job with the federated credentials. */
export async function testToken(id: string, token: string): Promise<GraphWorkloadTokenTest> {
  const path = `${applicationPath(id)}/testWorkloadToken`
  return (await readJson<GraphWorkloadTokenTest>(path, { method: 'POST', body: { token } })).body
}
