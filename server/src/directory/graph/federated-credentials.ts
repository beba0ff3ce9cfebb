import { z } from 'zod'
import { resourceNotFound } from '../errors.ts'
import type { FederatedCredentialRow } from '../federated-credential-store.ts'
import { type FederatedCredentialChange, trustOf } from '../federated-credentials.ts'
import {
  type FederatedTrust,
  formatClaimsExpression,
  isTrustText,
  parseClaimsExpression,
  trustHint,
} from '../federated-trust.ts'
import { readBody } from './bodies.ts'
import { type Graph, type GraphCall, type GraphHandler, change, requirePathId, requireVisible } from './call.ts'
import type { Document } from './documents.ts'
import { refuseQueryOptions } from './query.ts'
import { GraphError } from '../errors.ts'

/** `GET /applications/{id}/federatedIdentityCredentials`: all of them, which are few. */
export const listFederatedCredentials: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  const { holderId } = await requireVisibleHolder(graph, call)
  return { value: (await graph.federatedCredentials.list(holderId)).map(document) }
}

/** `GET /applications/{id}/federatedIdentityCredentials/{id or name}` */
export const getFederatedCredential: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  const { holderId } = await requireVisibleHolder(graph, call)
  return document(await graph.federatedCredentials.find(undefined, holderId, idOrName(call)))
}

/** `POST /applications/{id}/federatedIdentityCredentials` */
export const createFederatedCredential: GraphHandler = async (graph, call) => {
  const holderId = requirePathId(call)
  const { audiences, name, issuer, description = null, ...rest } = readBody(newBody, call.request.body)
  const trust = requireTrust(rest)
  requireIssuer(graph, issuer)
  const request = { name, issuer, audience: audiences[0], trust, description }
  const row = await change(
    graph,
    call,
    async (transaction) => {
      const application = await graph.store.application(transaction, 'object_id', holderId)
      if (application === undefined) throw resourceNotFound(holderId)
      return graph.federatedCredentials.create(transaction, { holderId, appId: application.app_id }, request)
    },
    (made) => event('create', holderId, made),
  )
  call.reply.code(201)
  return document(row)
}

/** `PATCH /applications/{id}/federatedIdentityCredentials/{id or name}` */
export const updateFederatedCredential: GraphHandler = async (graph, call) => {
  const holderId = requirePathId(call)
  const { audiences, subject, claimsMatchingExpression, ...rest } = readBody(changeBody, call.request.body)
  if (rest.issuer !== undefined) requireIssuer(graph, rest.issuer)
  const namesTrust = subject !== undefined || claimsMatchingExpression !== undefined
  const wanted: FederatedCredentialChange = {
    ...(rest.name === undefined ? {} : { name: rest.name }),
    ...(rest.issuer === undefined ? {} : { issuer: rest.issuer }),
    ...(rest.description === undefined ? {} : { description: rest.description }),
    ...(audiences === undefined ? {} : { audience: audiences[0] }),
    ...(namesTrust ? { trust: requireTrust({ subject, claimsMatchingExpression }) } : {}),
  }
  await change(
    graph,
    call,
    (transaction) => graph.federatedCredentials.update(transaction, holderId, idOrName(call), wanted),
    (row) => event('update', holderId, row),
  )
  return call.reply.code(204).send()
}

/** `DELETE /applications/{id}/federatedIdentityCredentials/{id or name}` */
export const deleteFederatedCredential: GraphHandler = async (graph, call) => {
  const holderId = requirePathId(call)
  await change(
    graph,
    call,
    (transaction) => graph.federatedCredentials.remove(transaction, holderId, idOrName(call)),
    (row) => event('delete', holderId, row),
  )
  return call.reply.code(204).send()
}

const trustText = z.string().refine(isTrustText)
const audiences = z.tuple([trustText], { error: 'exactly one audience' })
const expression = z.strictObject({ value: z.string(), languageVersion: z.literal(1) })

const properties = {
  '@odata.type': z.literal('#microsoft.graph.federatedIdentityCredential').optional(),
  // az sends back what it was shown.
  id: z.string().optional(),
  description: trustText.nullish(),
  subject: trustText.nullish(),
  claimsMatchingExpression: expression.nullish(),
}

/** The name is part of a URL. [Microsoft Graph, federatedIdentityCredential] */
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/)

const newBody = z.strictObject({ ...properties, name, issuer: trustText, audiences })
const changeBody = z.strictObject({
  ...properties,
  name: name.optional(),
  issuer: trustText.optional(),
  audiences: audiences.optional(),
})

/** Whom a request trusts: a subject, or claims. */
export type GivenTrust = Pick<z.output<typeof newBody>, 'subject' | 'claimsMatchingExpression'>

/** @throws GraphError unless exactly one of the two is given, and is well formed */
export function requireTrust({ subject, claimsMatchingExpression }: GivenTrust): FederatedTrust {
  const given = claimsMatchingExpression ?? undefined
  const named = subject ?? undefined
  if ((given === undefined) === (named === undefined)) {
    throw new GraphError('badRequest', "Exactly one of 'subject' and 'claimsMatchingExpression' must have a value.")
  }
  if (named !== undefined) return { kind: 'subject', subject: named }
  const equalities = parseClaimsExpression(given?.value ?? '')
  if (equalities !== undefined) return { kind: 'claims', equalities }
  const form = "claims['NAME'] eq 'VALUE' joined by and"
  const text = `Invalid value specified for property 'claimsMatchingExpression/value': it must be ${form}, with one claim of sub, repository_id, repository_owner_id, project_id and namespace_id.`
  throw new GraphError('badRequest', text)
}

/** @throws GraphError for what cannot be an issuer, or is not let be one here */
export function requireIssuer({ acceptsIssuer }: Pick<Graph, 'acceptsIssuer'>, issuer: string): void {
  if (!/[?#\s\\]/.test(issuer) && acceptsIssuer(issuer)) return
  const text = "Invalid value specified for property 'issuer': it must be an https URL without query and fragment."
  throw new GraphError('badRequest', text)
}

async function requireVisibleHolder(graph: Graph, call: GraphCall): Promise<{ readonly holderId: string }> {
  const holderId = requirePathId(call)
  await requireVisible(graph, call.caller, holderId, await graph.store.application(undefined, 'object_id', holderId))
  return { holderId }
}

function idOrName({ params }: GraphCall): string {
  return params['credential'] ?? ''
}

function event(verb: 'create' | 'update' | 'delete', holderId: string, row: FederatedCredentialRow) {
  const { id, issuer, audience } = row
  return {
    action: `federated-credential.${verb}`,
    target: `applications/${holderId}`,
    detail: { id, issuer, audience, subject: row.subject, claims: row.claims_expression },
  }
}

/** A `federatedIdentityCredential`. [Microsoft Graph v1.0, federatedIdentityCredential resource type] */
function document(row: FederatedCredentialRow): Document {
  const trust = trustOf(row)
  const hint = trustHint(row.issuer, trust)
  return {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    subject: row.subject,
    description: row.description,
    audiences: [row.audience],
    ...(trust.kind === 'claims'
      ? { claimsMatchingExpression: { value: formatClaimsExpression(trust.equalities), languageVersion: 1 } }
      : {}),
    ...(hint === undefined ? {} : { '@acrux.hint': hint }),
  }
}
