import type { ApplicationSignIn } from '../application-sign-in-store.ts'
import type { NamedServicePrincipalRow } from '../lookup-store.ts'
import { managedResourceIdOf } from '../managed-resource.ts'
import type { GroupRow } from '../people-rows.ts'
import type { ApplicationRow, CertificateRow, SecretRow, UserRow } from '../tables.ts'

/** What belongs to an application or a service principal, besides its own row. */
export type Belongings = {
  readonly uris: readonly string[]
  readonly secrets: readonly SecretRow[]
  readonly certificates: readonly CertificateRow[]
}

/** A JSON object of an answer. */
export type Document = Readonly<Record<string, unknown>>

/** An `application`. [Microsoft Graph v1.0, application resource type] */
export function applicationDocument(
  row: ApplicationRow,
  { uris, secrets, certificates }: Belongings,
  { redirectUris, isFallbackPublicClient }: ApplicationSignIn,
  publisherDomain: string,
): Document {
  return {
    id: row.object_id,
    appId: row.app_id,
    displayName: row.display_name,
    createdDateTime: graphTime(row.created_at_ms),
    identifierUris: uris,
    publisherDomain,
    signInAudience: 'AzureADMyOrg',
    isFallbackPublicClient,
    web: { redirectUris: redirectUris.web },
    publicClient: { redirectUris: redirectUris.publicClient },
    spa: { redirectUris: redirectUris.spa },
    keyCredentials: certificates.map(keyCredential),
    passwordCredentials: secrets.map((secret) => passwordCredential(secret)),
  }
}

/** A `servicePrincipal`. [Microsoft Graph v1.0, servicePrincipal resource type] */
export function servicePrincipalDocument(
  row: NamedServicePrincipalRow,
  { uris, secrets, certificates }: Belongings,
  tenantId: string,
): Document {
  const managedResourceId = managedResourceIdOf(row)
  return {
    '@odata.type': '#microsoft.graph.servicePrincipal',
    id: row.object_id,
    appId: row.app_id,
    displayName: row.display_name,
    appDisplayName: row.display_name,
    accountEnabled: row.enabled === 1,
    appOwnerOrganizationId: tenantId,
    createdDateTime: graphTime(row.created_at_ms),
    servicePrincipalNames: [row.app_id, ...uris],
    ...(managedResourceId === undefined
      ? { servicePrincipalType: 'Application', signInAudience: 'AzureADMyOrg' }
      : {
          servicePrincipalType: 'ManagedIdentity',
          alternativeNames: [
            `isExplicit=${row.managed_kind === 'user-assigned' ? 'True' : 'False'}`,
            managedResourceId,
          ],
        }),
    keyCredentials: certificates.map(keyCredential),
    passwordCredentials: secrets.map((secret) => passwordCredential(secret)),
  }
}

/** A `user`. [Microsoft Graph v1.0, user resource type] */
export function userDocument(row: UserRow): Document {
  return {
    '@odata.type': '#microsoft.graph.user',
    id: row.object_id,
    userPrincipalName: row.user_principal_name,
    displayName: row.display_name,
    accountEnabled: row.enabled === 1,
    createdDateTime: graphTime(row.created_at_ms),
    mail: row.mail,
    mailNickname: row.mail_nickname,
    givenName: null,
    surname: null,
  }
}

/** A `group`. [Microsoft Graph v1.0, group resource type] */
export function groupDocument(row: GroupRow): Document {
  return {
    '@odata.type': '#microsoft.graph.group',
    id: row.object_id,
    displayName: row.display_name,
    description: row.description,
    mailNickname: row.mail_nickname,
    createdDateTime: graphTime(row.created_at_ms),
    groupTypes: [],
    mail: null,
    mailEnabled: false,
    securityEnabled: true,
  }
}

/** A `passwordCredential`; the secret itself is shown once, when it is made. */
export function passwordCredential(row: SecretRow, secretText: string | null = null): Document {
  return {
    customKeyIdentifier: null,
    displayName: row.display_name,
    endDateTime: graphTime(row.expires_at_ms),
    hint: row.hint,
    keyId: row.id,
    secretText,
    startDateTime: graphTime(row.starts_at_ms),
  }
}

/** A `keyCredential`. Graph gives its key only to who selects it, and az sends the null back to say "as it is". */
function keyCredential(row: CertificateRow): Document {
  return {
    customKeyIdentifier: row.thumbprint,
    displayName: row.display_name,
    endDateTime: graphTime(row.expires_at_ms),
    key: null,
    keyId: row.key_id,
    startDateTime: graphTime(row.starts_at_ms),
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
  }
}

/** An instant as Graph writes it. */
export function graphTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z')
}
