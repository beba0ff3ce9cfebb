import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import type { ManagedIdentity } from '../../directory/index.ts'
import type { ManagedTrust } from '../../credentials/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { optional, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { IdentitiesContext } from './context.ts'
import { ArmError, throwAsArm } from '../arm/errors.ts'
import { requireMayBecome } from '../arm/may-become.ts'
import { listOf } from '../arm/response.ts'
import { requireUserAssignedIdentity, userAssignedIdentityType } from './managed-identities.ts'

type Context = Pick<IdentitiesContext, 'audit' | 'credentials' | 'database' | 'directory' | 'mayBecome' | 'resources'>

const type = `${userAssignedIdentityType}/federatedIdentityCredentials`

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/
const nameRule =
  'The name of a federated credential has 3 to 120 letters, digits, hyphens and underscores, and begins with a letter or digit.'

const text = z.string().min(1).max(600)
const putSchema = z.object({
  properties: z.object({
    issuer: text,
    subject: optional(text),
    audiences: z.array(text).length(1, { error: 'must have exactly one audience' }),
    claimsMatchingExpression: optional(z.object({ value: z.string().max(4096), languageVersion: z.literal(1) })),
  }),
})

/** A federated credential of a managed identity. [azure-mgmt-msi, FederatedIdentityCredential] */
const federatedCredentialResponse = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    type: z.literal(type),
    properties: z.strictObject({
      issuer: z.string(),
      audiences: z.array(z.string()),
      subject: z.string().optional(),
      claimsMatchingExpression: z.strictObject({ value: z.string(), languageVersion: z.literal(1) }).optional(),
    }),
  })
  .register(apiSchemas, { id: 'FederatedIdentityCredential' })
type FederatedCredentialDocument = DocumentOf<typeof federatedCredentialResponse>

const federatedCredentialListResponse = listOf(federatedCredentialResponse)

/** `GET …/userAssignedIdentities/{i}/federatedIdentityCredentials`: all of them. */
export async function listFederatedCredentials(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof federatedCredentialListResponse>> {
  const identity = await requireUserAssignedIdentity(context, names)
  const trusts = await context.credentials.managedFederation.list(identity)
  return { value: trusts.map((trust) => federatedCredentialDocument(identity, trust)) }
}
listFederatedCredentials.response = federatedCredentialListResponse

/** `GET …/federatedIdentityCredentials/{name}` */
export async function getFederatedCredential(
  context: Context,
  { names }: ManagementCall,
): Promise<FederatedCredentialDocument> {
  const identity = await requireUserAssignedIdentity(context, names)
  const trust = await context.credentials.managedFederation.find(identity, names.name)
  if (trust !== undefined) return federatedCredentialDocument(identity, trust)
  throw new ArmError('resourceNotFound', 'The federated identity credential was not found.')
}
getFederatedCredential.response = federatedCredentialResponse

/** `PUT …/federatedIdentityCredentials/{name}`: trusts a subject of an issuer, in place of the previous one. */
export async function putFederatedCredential(
  context: Context,
  call: ManagementCall,
): Promise<FederatedCredentialDocument> {
  const { name } = call.names
  if (!namePattern.test(name)) throw new ArmError('invalidResourceName', nameRule)
  const { issuer, subject, audiences, claimsMatchingExpression } = readBody(call, putFederatedCredential).properties
  const [audience = ''] = audiences
  const wanted = { name, issuer, audience, subject, claimsExpression: claimsMatchingExpression?.value }
  await requireMayBecome(context, call, await requireUserAssignedIdentity(context, call.names))
  const mayShareTrust = await context.directory.isDirectoryOwner(call.caller.principal.objectId)
  const { document, created } = await recordChange(context, call, async (transaction) => {
    const identity = await requireUserAssignedIdentity(context, call.names, transaction)
    const put = await context.credentials.managedFederation
      .put(transaction, identity, wanted, mayShareTrust)
      .catch(throwAsArm)
    const action = put.created ? 'federated-credential.create' : 'federated-credential.update'
    return {
      result: { document: federatedCredentialDocument(identity, put.trust), created: put.created },
      event: { action, target: identity.id, detail: { ...put.trust } },
    }
  })
  call.reply.code(created ? 201 : 200)
  return document
}
putFederatedCredential.body = putSchema
putFederatedCredential.response = federatedCredentialResponse

/** `DELETE …/federatedIdentityCredentials/{name}`: with the tokens that were issued for it. 204 if it does not exist. */
export async function deleteFederatedCredential(context: Context, call: ManagementCall): Promise<void> {
  const { name } = call.names
  const deleted = await recordChange(context, call, async (transaction) => {
    const identity = await requireUserAssignedIdentity(context, call.names, transaction)
    if (!(await context.credentials.managedFederation.delete(transaction, identity, name))) {
      return { result: false, event: undefined }
    }
    return { result: true, event: { action: 'federated-credential.delete', target: identity.id, detail: { name } } }
  })
  call.reply.code(deleted ? 200 : 204)
}
deleteFederatedCredential.response = 'none' as const

function federatedCredentialDocument({ id }: ManagedIdentity, trust: ManagedTrust): FederatedCredentialDocument {
  const { name, issuer, audience, subject, claimsExpression } = trust
  return {
    id: `${id}/federatedIdentityCredentials/${name}`,
    name,
    type,
    properties: {
      issuer,
      audiences: [audience],
      ...(subject !== undefined && { subject }),
      ...(claimsExpression !== undefined && {
        claimsMatchingExpression: { value: claimsExpression, languageVersion: 1 as const },
      }),
    },
  }
}
