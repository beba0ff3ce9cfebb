import type { CertificateRecord, HeldCredentials, SecretRecord } from '../../credentials/index.ts'
import type { DescribedApplication, DescribedServicePrincipal, GroupRecord, UserRecord } from '../../directory/index.ts'

/** A JSON object of an answer. */
export type Document = Readonly<Record<string, unknown>>

/** An `application`. [Microsoft Graph v1.0, application resource type] */
export function applicationDocument(
  application: DescribedApplication & HeldCredentials,
  publisherDomain: string,
): Document {
  const { uris, secrets, certificates, redirectUris, isFallbackPublicClient } = application
  return {
    id: application.objectId,
    appId: application.appId,
    displayName: application.displayName,
    createdDateTime: graphTime(application.createdAtMs),
    identifierUris: uris,
    publisherDomain,
    signInAudience: 'AzureADMyOrg',
    isFallbackPublicClient,
    // Rights here are roles: applications ask for none. az reads the list.
    requiredResourceAccess: [],
    web: { redirectUris: redirectUris.web },
    publicClient: { redirectUris: redirectUris.publicClient },
    spa: { redirectUris: redirectUris.spa },
    keyCredentials: certificates.map(keyCredential),
    passwordCredentials: secrets.map((secret) => passwordCredential(secret)),
  }
}

/** A `servicePrincipal`. [Microsoft Graph v1.0, servicePrincipal resource type] */
export function servicePrincipalDocument(
  principal: DescribedServicePrincipal & HeldCredentials,
  tenantId: string,
): Document {
  const { uris, secrets, certificates, managed } = principal
  return {
    '@odata.type': '#microsoft.graph.servicePrincipal',
    id: principal.objectId,
    appId: principal.appId,
    displayName: principal.displayName,
    appDisplayName: principal.displayName,
    accountEnabled: principal.enabled,
    appOwnerOrganizationId: tenantId,
    createdDateTime: graphTime(principal.createdAtMs),
    servicePrincipalNames: [principal.appId, ...uris],
    ...(managed === undefined
      ? { servicePrincipalType: 'Application', signInAudience: 'AzureADMyOrg' }
      : {
          servicePrincipalType: 'ManagedIdentity',
          alternativeNames: [`isExplicit=${managed.kind === 'user-assigned' ? 'True' : 'False'}`, managed.resourceId],
        }),
    keyCredentials: certificates.map(keyCredential),
    passwordCredentials: secrets.map((secret) => passwordCredential(secret)),
  }
}

/** A `user`. [Microsoft Graph v1.0, user resource type] */
export function userDocument(user: UserRecord): Document {
  return {
    '@odata.type': '#microsoft.graph.user',
    id: user.objectId,
    userPrincipalName: user.userPrincipalName,
    displayName: user.displayName,
    accountEnabled: user.enabled,
    createdDateTime: graphTime(user.createdAtMs),
    mail: user.mail ?? null,
    mailNickname: user.mailNickname ?? null,
    givenName: null,
    surname: null,
  }
}

/** A `group`. [Microsoft Graph v1.0, group resource type] */
export function groupDocument(group: GroupRecord): Document {
  return {
    '@odata.type': '#microsoft.graph.group',
    id: group.objectId,
    displayName: group.displayName,
    description: group.description ?? null,
    mailNickname: group.mailNickname,
    createdDateTime: graphTime(group.createdAtMs),
    groupTypes: [],
    mail: null,
    mailEnabled: false,
    securityEnabled: true,
  }
}

/** A `passwordCredential`; the secret itself is shown once, when it is made. */
export function passwordCredential(secret: SecretRecord, secretText: string | null = null): Document {
  return {
    customKeyIdentifier: null,
    displayName: secret.displayName,
    endDateTime: graphTime(secret.expiresAtMs),
    hint: secret.hint,
    keyId: secret.keyId,
    secretText,
    startDateTime: graphTime(secret.startsAtMs),
  }
}

/** A `keyCredential`. Graph gives its key only to who selects it, and az sends the null back to say "as it is". */
function keyCredential(certificate: CertificateRecord): Document {
  return {
    customKeyIdentifier: certificate.thumbprint,
    displayName: certificate.displayName,
    endDateTime: graphTime(certificate.expiresAtMs),
    key: null,
    keyId: certificate.keyId,
    startDateTime: graphTime(certificate.startsAtMs),
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
  }
}

/** An instant as Graph writes it. */
export function graphTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z')
}
