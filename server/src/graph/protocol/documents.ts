import { z } from 'zod'
import type { CertificateRecord, HeldCredentials, SecretRecord } from '../../credentials/index.ts'
import type { DescribedApplication, DescribedServicePrincipal, GroupRecord, UserRecord } from '../../directory/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { listSchema, pageSchema } from './response.ts'

const alwaysEmpty = z.array(z.never()).max(0)

/** [Microsoft Graph v1.0, passwordCredential resource type] */
export const passwordCredentialSchema = z
  .strictObject({
    customKeyIdentifier: z.null(),
    displayName: z.string().nullable(),
    endDateTime: z.iso.datetime(),
    hint: z.string().describe('The first characters of the secret.'),
    keyId: z.guid(),
    secretText: z.string().nullable().describe('The secret, in the response to `addPassword` only.'),
    startDateTime: z.iso.datetime(),
  })
  .register(apiSchemas, { id: 'graph.passwordCredential' })

/** [Microsoft Graph v1.0, keyCredential resource type] */
const keyCredentialSchema = z
  .strictObject({
    customKeyIdentifier: z.string().describe('The SHA-1 thumbprint of the certificate, in hexadecimal.'),
    displayName: z.string().nullable(),
    endDateTime: z.iso.datetime(),
    key: z.null(),
    keyId: z.guid(),
    startDateTime: z.iso.datetime(),
    type: z.literal('AsymmetricX509Cert'),
    usage: z.literal('Verify'),
  })
  .register(apiSchemas, { id: 'graph.keyCredential' })

const platformSchema = z.strictObject({ redirectUris: z.array(z.string()) })

/** [Microsoft Graph v1.0, application resource type] */
export const applicationSchema = z
  .strictObject({
    id: z.guid(),
    appId: z.guid().describe('The client id.'),
    displayName: z.string(),
    createdDateTime: z.iso.datetime(),
    identifierUris: z.array(z.string()),
    publisherDomain: z.string(),
    signInAudience: z.literal('AzureADMyOrg'),
    isFallbackPublicClient: z.boolean().nullable(),
    requiredResourceAccess: alwaysEmpty,
    web: platformSchema,
    publicClient: platformSchema,
    spa: platformSchema,
    keyCredentials: z.array(keyCredentialSchema),
    passwordCredentials: z.array(passwordCredentialSchema),
  })
  .register(apiSchemas, { id: 'graph.application' })

/** [Microsoft Graph v1.0, servicePrincipal resource type] */
export const servicePrincipalSchema = z
  .strictObject({
    '@odata.type': z.literal('#microsoft.graph.servicePrincipal'),
    id: z.guid(),
    appId: z.guid(),
    displayName: z.string(),
    appDisplayName: z.string(),
    accountEnabled: z.boolean(),
    appRoleAssignmentRequired: z
      .boolean()
      .describe('The server stores the value, which has no effect, because only role assignments grant access.'),
    appOwnerOrganizationId: z.guid().describe('The id of the tenant.'),
    createdDateTime: z.iso.datetime(),
    servicePrincipalNames: z.array(z.string()),
    servicePrincipalType: z.enum(['Application', 'ManagedIdentity']),
    signInAudience: z.literal('AzureADMyOrg').optional().describe('Present only for the type `Application`.'),
    alternativeNames: z
      .array(z.string())
      .optional()
      .describe(
        "Present only for the type `ManagedIdentity`: whether the identity is user-assigned, and the identity's resource id.",
      ),
    keyCredentials: z.array(keyCredentialSchema),
    passwordCredentials: z.array(passwordCredentialSchema),
  })
  .register(apiSchemas, { id: 'graph.servicePrincipal' })

/** [Microsoft Graph v1.0, user resource type] */
export const userSchema = z
  .strictObject({
    '@odata.type': z.literal('#microsoft.graph.user'),
    id: z.guid(),
    userPrincipalName: z.string(),
    displayName: z.string(),
    accountEnabled: z.boolean(),
    createdDateTime: z.iso.datetime(),
    mail: z.string().nullable(),
    mailNickname: z.string().nullable(),
    givenName: z.null(),
    surname: z.null(),
  })
  .register(apiSchemas, { id: 'graph.user' })

/** [Microsoft Graph v1.0, group resource type] */
export const groupSchema = z
  .strictObject({
    '@odata.type': z.literal('#microsoft.graph.group'),
    id: z.guid(),
    displayName: z.string(),
    description: z.string().nullable(),
    mailNickname: z.string(),
    createdDateTime: z.iso.datetime(),
    groupTypes: alwaysEmpty,
    mail: z.null(),
    mailEnabled: z.literal(false),
    securityEnabled: z.literal(true),
  })
  .register(apiSchemas, { id: 'graph.group' })

/** A member or owner. */
const directoryObjectSchema = z
  .discriminatedUnion('@odata.type', [userSchema, groupSchema, servicePrincipalSchema])
  .register(apiSchemas, { id: 'graph.directoryObject' })

/** An object that a user owns. */
const ownedObjectSchema = z
  .discriminatedUnion('@odata.type', [
    applicationSchema.extend({ '@odata.type': z.literal('#microsoft.graph.application') }),
    servicePrincipalSchema,
  ])
  .register(apiSchemas, { id: 'graph.ownedObject' })

export const applicationPageSchema = pageSchema('applicationPage', applicationSchema)
export const servicePrincipalPageSchema = pageSchema('servicePrincipalPage', servicePrincipalSchema)
export const userPageSchema = pageSchema('userPage', userSchema)
export const groupPageSchema = pageSchema('groupPage', groupSchema)
export const directoryObjectPageSchema = pageSchema('directoryObjectPage', directoryObjectSchema)
export const directoryObjectsSchema = listSchema('directoryObjects', directoryObjectSchema)
export const ownedObjectsSchema = listSchema('ownedObjects', ownedObjectSchema)

export type Application = DocumentOf<typeof applicationSchema>
export type ServicePrincipal = DocumentOf<typeof servicePrincipalSchema>
export type DirectoryObject = DocumentOf<typeof directoryObjectSchema>

/** The document of an application. */
export function applicationDocument(
  described: DescribedApplication & HeldCredentials,
  publisherDomain: string,
): Application {
  const { uris, secrets, certificates, redirectUris, isFallbackPublicClient, isFallbackNamed } = described
  return {
    id: described.objectId,
    appId: described.appId,
    displayName: described.displayName,
    createdDateTime: graphTime(described.createdAtMs),
    identifierUris: uris,
    publisherDomain,
    signInAudience: 'AzureADMyOrg',
    isFallbackPublicClient: isFallbackNamed ? isFallbackPublicClient : null,
    // Permissions here are role assignments, so applications request none. az reads the list.
    requiredResourceAccess: [],
    web: { redirectUris: redirectUris.web },
    publicClient: { redirectUris: redirectUris.publicClient },
    spa: { redirectUris: redirectUris.spa },
    keyCredentials: certificates.map(keyCredentialDocument),
    passwordCredentials: passwordCredentialDocuments(secrets),
  }
}

/** The document of a service principal. */
export function servicePrincipalDocument(
  principal: DescribedServicePrincipal & HeldCredentials,
  tenantId: string,
): ServicePrincipal {
  const { uris, secrets, certificates, managed } = principal
  return {
    '@odata.type': '#microsoft.graph.servicePrincipal',
    id: principal.objectId,
    appId: principal.appId,
    displayName: principal.displayName,
    appDisplayName: principal.displayName,
    accountEnabled: principal.enabled,
    appRoleAssignmentRequired: principal.assignmentRequired,
    appOwnerOrganizationId: tenantId,
    createdDateTime: graphTime(principal.createdAtMs),
    servicePrincipalNames: [principal.appId, ...uris],
    ...typeProperties(managed),
    keyCredentials: certificates.map(keyCredentialDocument),
    passwordCredentials: passwordCredentialDocuments(secrets),
  }
}

function typeProperties(
  managed: DescribedServicePrincipal['managed'],
): Pick<ServicePrincipal, 'servicePrincipalType' | 'signInAudience' | 'alternativeNames'> {
  if (managed === undefined) return { servicePrincipalType: 'Application', signInAudience: 'AzureADMyOrg' }
  const isExplicit = managed.kind === 'user-assigned' ? 'True' : 'False'
  return {
    servicePrincipalType: 'ManagedIdentity',
    alternativeNames: [`isExplicit=${isExplicit}`, managed.resourceId],
  }
}

/** The document of a user. */
export function userDocument(record: UserRecord): DocumentOf<typeof userSchema> {
  return {
    '@odata.type': '#microsoft.graph.user',
    id: record.objectId,
    userPrincipalName: record.userPrincipalName,
    displayName: record.displayName,
    accountEnabled: record.enabled,
    createdDateTime: graphTime(record.createdAtMs),
    mail: record.mail ?? null,
    mailNickname: record.mailNickname ?? null,
    givenName: null,
    surname: null,
  }
}

/** The document of a group. */
export function groupDocument(record: GroupRecord): DocumentOf<typeof groupSchema> {
  return {
    '@odata.type': '#microsoft.graph.group',
    id: record.objectId,
    displayName: record.displayName,
    description: record.description ?? null,
    mailNickname: record.mailNickname,
    createdDateTime: graphTime(record.createdAtMs),
    groupTypes: [],
    mail: null,
    mailEnabled: false,
    securityEnabled: true,
  }
}

/** The documents of secrets, the newest first. */
function passwordCredentialDocuments(secrets: readonly SecretRecord[]) {
  return secrets.toReversed().map((secret) => passwordCredentialDocument(secret))
}

/** The document of a secret. `secretText` is known only when the secret is created. */
export function passwordCredentialDocument(
  secret: SecretRecord,
  secretText: string | null = null,
): DocumentOf<typeof passwordCredentialSchema> {
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

/** Graph sends `key` only if it is selected, and az sends the null back to keep the certificate unchanged. */
function keyCredentialDocument(certificate: CertificateRecord): DocumentOf<typeof keyCredentialSchema> {
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

/** A time in the format of Graph. */
export function graphTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z')
}
