import { resourceNotFound } from '../protocol/errors.ts'
import { z } from 'zod'
import type { FederatedCredentialChange, FederatedCredentialRecord } from '../../credentials/index.ts'
import { type FederatedTrust, isTrustText, trustHint } from '@acrux/shared/standards/oauth/federated-trust.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import {
  type GraphCall,
  type GraphContext,
  change,
  requireMayBecomeApplication,
  requirePathId,
  requireVisible,
} from '../protocol/context.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import { listSchema } from '../protocol/response.ts'
import type { GraphHandler } from '../protocol/route.ts'

/** [Microsoft Graph v1.0, federatedIdentityCredential resource type] */
export const federatedCredentialSchema = z
  .strictObject({
    id: z.guid(),
    name: z.string(),
    issuer: z.string(),
    subject: z.string().nullable(),
    description: z.string().nullable(),
    audiences: z.array(z.string()).length(1),
    claimsMatchingExpression: z
      .strictObject({ value: z.string(), languageVersion: z.literal(1) })
      .optional()
      .describe('Present if `subject` is null.'),
    '@acrux.hint': z.string().optional().describe('A more secure alternative to a subject that consists of names.'),
  })
  .register(apiSchemas, { id: 'graph.federatedIdentityCredential' })

export const federatedCredentialsSchema = listSchema('federatedIdentityCredentials', federatedCredentialSchema)

/** `GET /applications/{id}/federatedIdentityCredentials` */
export const listFederatedCredentials: GraphHandler<typeof federatedCredentialsSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const { holderId } = await requireVisibleHolder(context, call)
  return { value: (await context.credentials.federatedCredentials.list(holderId)).map(document) }
}

/** `GET /applications/{id}/federatedIdentityCredentials/{id or name}` */
export const getFederatedCredential: GraphHandler<typeof federatedCredentialSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const { holderId } = await requireVisibleHolder(context, call)
  return document(await context.credentials.federatedCredentials.find(undefined, holderId, idOrName(call)))
}

/** `POST /applications/{id}/federatedIdentityCredentials` */
export const createFederatedCredential: GraphHandler<
  typeof federatedCredentialSchema,
  typeof newFederatedCredentialBody
> = async (context, call) => {
  const holderId = requirePathId(call)
  const { audiences, name, issuer, description = null, ...rest } = call.readBody()
  const trust = readTrust(context, rest)
  await requireMayBecomeApplication(context, call, holderId)
  context.credentials.federatedCredentials.requireIssuer(issuer)
  const mayShareTrust = call.caller.isDirectoryOwner
  const request = { name, issuer, audience: audiences[0], trust, description, mayShareTrust }
  const row = await change(
    context,
    call,
    async (transaction) => {
      const application = await context.directory.applications.find(holderId, transaction)
      if (application === undefined) throw resourceNotFound(holderId)
      return context.credentials.federatedCredentials.create(
        transaction,
        { holderId, appId: application.appId },
        request,
      )
    },
    (made) => event('create', holderId, made),
  )
  call.reply.code(201)
  return document(row)
}

/** `PATCH /applications/{id}/federatedIdentityCredentials/{id or name}` */
export const updateFederatedCredential: GraphHandler<'none', typeof federatedCredentialChangeBody> = async (
  context,
  call,
) => {
  const holderId = requirePathId(call)
  const { audiences, subject, claimsMatchingExpression, ...rest } = call.readBody()
  await requireMayBecomeApplication(context, call, holderId)
  if (rest.issuer !== undefined) context.credentials.federatedCredentials.requireIssuer(rest.issuer)
  const namesTrust = subject !== undefined || claimsMatchingExpression !== undefined
  const wanted: FederatedCredentialChange = {
    mayShareTrust: call.caller.isDirectoryOwner,
    ...(rest.name === undefined ? {} : { name: rest.name }),
    ...(rest.issuer === undefined ? {} : { issuer: rest.issuer }),
    ...(rest.description === undefined ? {} : { description: rest.description }),
    ...(audiences === undefined ? {} : { audience: audiences[0] }),
    ...(namesTrust ? { trust: readTrust(context, { subject, claimsMatchingExpression }) } : {}),
  }
  await change(
    context,
    call,
    (transaction) => context.credentials.federatedCredentials.update(transaction, holderId, idOrName(call), wanted),
    (row) => event('update', holderId, row),
  )
}

/** `DELETE /applications/{id}/federatedIdentityCredentials/{id or name}` */
export const deleteFederatedCredential: GraphHandler<'none'> = async (context, call) => {
  const holderId = requirePathId(call)
  await change(
    context,
    call,
    (transaction) => context.credentials.federatedCredentials.remove(transaction, holderId, idOrName(call)),
    (row) => event('delete', holderId, row),
  )
}

const trustText = z.string().refine(isTrustText)
const audiences = z.tuple([trustText], { error: 'exactly one audience' })
const expression = z.strictObject({ value: z.string(), languageVersion: z.literal(1) })

const properties = {
  '@odata.type': z.literal('#microsoft.graph.federatedIdentityCredential').optional(),
  // az sends it back with an update.
  id: z.string().optional(),
  description: trustText.nullish(),
  subject: trustText.nullish(),
  claimsMatchingExpression: expression.nullish(),
}

/** The name is part of a URL. [Microsoft Graph, federatedIdentityCredential] */
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/)

/** The body of `POST /applications/{id}/federatedIdentityCredentials`. */
export const newFederatedCredentialBody = z.strictObject({ ...properties, name, issuer: trustText, audiences })

/** The body of `PATCH /applications/{id}/federatedIdentityCredentials/{id or name}`. */
export const federatedCredentialChangeBody = z.strictObject({
  ...properties,
  name: name.optional(),
  issuer: trustText.optional(),
  audiences: audiences.optional(),
})

function readTrust(
  { credentials }: GraphContext,
  {
    subject,
    claimsMatchingExpression,
  }: Pick<z.output<typeof newFederatedCredentialBody>, 'subject' | 'claimsMatchingExpression'>,
): FederatedTrust {
  return credentials.federatedCredentials.requireTrust({ subject, claimsExpression: claimsMatchingExpression?.value })
}

async function requireVisibleHolder(context: GraphContext, call: GraphCall): Promise<{ readonly holderId: string }> {
  const holderId = requirePathId(call)
  await requireVisible(context, call.caller, holderId, await context.directory.applications.find(holderId))
  return { holderId }
}

function idOrName({ params }: GraphCall): string {
  return params['credential'] ?? ''
}

function event(verb: 'create' | 'update' | 'delete', holderId: string, row: FederatedCredentialRecord) {
  const { id, issuer, audience } = row
  return {
    action: `federated-credential.${verb}`,
    target: `applications/${holderId}`,
    detail: { id, issuer, audience, subject: row.subject, claims: row.claimsExpression },
  }
}

function document(credential: FederatedCredentialRecord): DocumentOf<typeof federatedCredentialSchema> {
  const { id, name, issuer, subject, claimsExpression, description, audience } = credential
  const hint = subject === null ? undefined : trustHint(issuer, { kind: 'subject', subject })
  return {
    id,
    name,
    issuer,
    subject,
    description,
    audiences: [audience],
    ...(claimsExpression === null
      ? {}
      : { claimsMatchingExpression: { value: claimsExpression, languageVersion: 1 as const } }),
    ...(hint === undefined ? {} : { '@acrux.hint': hint }),
  }
}
