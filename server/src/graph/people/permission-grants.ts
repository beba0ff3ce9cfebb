import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { type GraphCall, type GraphContext, change } from '../protocol/context.ts'
import { GraphError, insufficientPrivileges, resourceNotFound } from '../protocol/errors.ts'
import { type Filterable, parseFilter } from '../protocol/filter.ts'
import { readFilterOption, rejectQueryOptions } from '../protocol/query.ts'
import { listSchema } from '../protocol/response.ts'
import type { GraphHandler } from '../protocol/route.ts'
import { requireMe, requireVisibleUser } from './visible-users.ts'
import type { Consents, Consent, ConsentKey } from '../protocol/model.ts'

const maxListed = 999

// prettier-ignore
const filterableGrants: Filterable<'clientId' | 'principalId'> = {
  resource: 'OAuth2PermissionGrant',
  forms: new Map([
    ['equals clientId',    'clientId'],
    ['equals principalId', 'principalId'],
  ]),
}

/** The application ids of these resources at Microsoft. These resources have no service principal here. */
const resourceIds: Readonly<Record<string, string>> = {
  arm: '797f4846-ba00-4fd7-ba43-dac1f8f63013',
  acr: '6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26',
}

const graphResourceId = '00000003-0000-0000-c000-000000000000'

/** [Microsoft Graph v1.0, oAuth2PermissionGrant resource type] */
export const permissionGrantSchema = z
  .strictObject({
    id: z.string(),
    clientId: z.guid().describe('The object id of the service principal of the application.'),
    consentType: z.literal('Principal'),
    principalId: z.guid(),
    resourceId: z.guid(),
    scope: z.enum(['openid profile email', 'user_impersonation']),
  })
  .register(apiSchemas, { id: 'graph.oAuth2PermissionGrant' })

export const permissionGrantsSchema = listSchema('oAuth2PermissionGrants', permissionGrantSchema)

type PermissionGrant = DocumentOf<typeof permissionGrantSchema>

/** `GET /oauth2PermissionGrants`: all, or only the caller's own if the caller does not see everything. */
export const listPermissionGrants: GraphHandler<typeof permissionGrantsSchema> = async (context, call) => {
  const text = readFilterOption(call.request.query)
  const conditions = text === undefined ? [] : parseFilter(filterableGrants, text)
  const valueOf = (by: 'clientId' | 'principalId') => conditions.find((condition) => condition.by === by)?.value
  const { readsAll, principal } = call.caller
  const wanted = valueOf('principalId')?.toLowerCase()
  if (!readsAll && wanted !== undefined && wanted !== principal.objectId) throw insufficientPrivileges()
  const named = valueOf('clientId')
  const clientId = named === undefined ? undefined : await appIdOf(context, named)
  if (named !== undefined && clientId === undefined) return { value: [] }
  return listGrants(context, { objectId: readsAll ? wanted : principal.objectId, clientId })
}

/** `GET /me/oauth2PermissionGrants` */
export const listMyPermissionGrants: GraphHandler<typeof permissionGrantsSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  return listGrants(context, { objectId: (await requireMe(context, call)).objectId })
}

/** `GET /users/{id}/oauth2PermissionGrants` */
export const listPermissionGrantsOfUser: GraphHandler<typeof permissionGrantsSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  return listGrants(context, { objectId: (await requireVisibleUser(context, call)).objectId })
}

/** `GET /oauth2PermissionGrants/{id}` */
export const getPermissionGrant: GraphHandler<typeof permissionGrantSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const key = requireOwnGrant(call, call.caller.readsAll)
  const found = await context.consents.find({ objectId: key.object_id, clientId: key.client_id }, maxListed)
  const consent = found.find(({ audience }) => audience === key.audience)
  if (consent === undefined) throw resourceNotFound(call.params['id'] ?? '')
  return grantDocument(context, consent)
}

/** `DELETE /oauth2PermissionGrants/{id}`: by the user or a directory owner. Ends the user's sign-ins to the application. */
export const deletePermissionGrant: GraphHandler<'none'> = async (context, call) => {
  const key = requireOwnGrant(call, call.caller.isDirectoryOwner)
  await change(
    context,
    call,
    async (transaction) => {
      if (!(await context.consents.withdraw(transaction, key))) throw resourceNotFound(call.params['id'] ?? '')
      await context.credentials.endSignInsTo(transaction, key.object_id, key.client_id)
    },
    () => ({
      action: 'consent.withdraw',
      target: `users/${key.object_id}`,
      detail: { client: key.client_id, audience: key.audience },
    }),
  )
}

function requireOwnGrant({ params, caller }: GraphCall, mayAll: boolean): ConsentKey {
  const id = params['id'] ?? ''
  const key = parseGrantId(id)
  if (key !== undefined && (mayAll || key.object_id === caller.principal.objectId)) return key
  throw mayAll ? resourceNotFound(id) : insufficientPrivileges()
}

async function listGrants(
  context: GraphContext,
  which: Parameters<Consents['find']>[0],
): Promise<{ readonly value: readonly PermissionGrant[] }> {
  const found = await context.consents.find(which, maxListed + 1)
  if (found.length > maxListed) {
    throw new GraphError(
      'unsupported',
      `There are more than ${maxListed} permission grants: filter by principalId or clientId.`,
    )
  }
  return { value: await Promise.all(found.map((consent) => grantDocument(context, consent))) }
}

async function grantDocument({ directory }: GraphContext, consent: Consent): Promise<PermissionGrant> {
  const { object_id: principalId, client_id: clientId, audience } = consent
  const principal = await directory.findServicePrincipalByAppId(clientId)
  return {
    id: grantId(consent),
    clientId: principal?.objectId ?? clientId,
    consentType: 'Principal',
    principalId,
    resourceId: resourceIds[audience] ?? graphResourceId,
    scope: audience === 'userinfo' ? 'openid profile email' : 'user_impersonation',
  }
}

async function appIdOf({ directory }: GraphContext, idText: string): Promise<string | undefined> {
  const id = parseGuid(idText)
  return id === undefined ? undefined : (await directory.applications.findServicePrincipal(id))?.appId
}

/** Made of user, application and resource, so that no id has to be stored. */
function grantId({ object_id, client_id, audience }: ConsentKey): string {
  const guids = [object_id, client_id].map((guid) => Buffer.from(guid.replaceAll('-', ''), 'hex'))
  return Buffer.concat([...guids, Buffer.from(audience)]).toString('base64url')
}

function parseGrantId(id: string): ConsentKey | undefined {
  const bytes = Buffer.from(id.slice(0, 128), 'base64url')
  const guidAt = (at: number) =>
    parseGuid(
      bytes
        .subarray(at, at + 16)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    )
  const [object_id, client_id, audience] = [guidAt(0), guidAt(16), bytes.subarray(32).toString()]
  if (object_id === undefined || client_id === undefined) return undefined
  const key = { object_id, client_id, audience }
  return grantId(key) === id ? key : undefined
}
