import { readOpenApi } from '../setup/openapi.ts'

type Fields = Readonly<Record<string, string>>

/** A request to a route, which the fairness bench sends as one of its kinds. */
export interface RouteKind {
  /** The id of the route. */
  readonly id: string
  readonly method: string
  /** The path of the route; parameters are in braces. */
  readonly path: string
  readonly query?: Fields
  /** The body of a route that reads JSON. */
  readonly body?: unknown
  /** The body of a route that reads a form. */
  readonly form?: Fields
}

interface Operation {
  readonly operationId: string
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
}

type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

let document: Document | undefined

/** The routes of all surfaces, in the OpenAPI document. */
export function allRoutes(): readonly RouteKind[] {
  const { paths } = (document ??= readOpenApi() as Document)
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { operationId: id, requestBody }]) => ({
      id,
      method: method.toUpperCase(),
      path,
      ...(queries[id] !== undefined && { query: queries[id] }),
      ...bodyOf(id, method, requestBody !== undefined && 'application/x-www-form-urlencoded' in requestBody.content),
    })),
  )
}

function bodyOf(id: string, method: string, isForm: boolean): Pick<RouteKind, 'body' | 'form'> {
  if (isForm) return { form: forms[id] ?? {} }
  if (id in bodies) return { body: bodies[id] }
  return ['post', 'put', 'patch'].includes(method) ? { body: {} } : {}
}

const read = { method: 'GET', url: '/users' }

/** Bodies that the routes accept; all others get an empty object. */
const bodies: Readonly<Record<string, unknown>> = {
  'graph.applications.create': { displayName: 'worst' },
  'graph.groups.create': {
    displayName: 'worst',
    mailEnabled: false,
    mailNickname: 'worst',
    securityEnabled: true,
  },
  'graph.batch': { requests: Array.from({ length: 20 }, (_, at) => ({ id: `${at}`, ...read })) },
  'management.batch': {
    requests: Array.from({ length: 20 }, () => ({ httpMethod: 'GET', relativeUrl: '/tenants?api-version=2022-12-01' })),
  },
}

const dataScope = { service: '{loginServer}', scope: 'repository:worst/tags:pull' }
const client = { client_id: '{appId}', client_secret: '{secret}' }
const resource = 'https://management.core.windows.net/'
const authorize = { client_id: '04b07795-8ddb-461a-bbee-02f9e1bf7b46', response_type: 'code' }
const listener = { redirect_uri: 'http://localhost:36805', scope: `${resource}/.default openid` }
const proof = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' }

/** Queries with which the routes do their work; all others get none. */
const queries: Readonly<Record<string, Fields>> = {
  'portal.arm.get': { 'api-version': '2022-12-01' },
  'token.get': dataScope,
  'sign-in.v1.authorize': { ...authorize, ...listener, ...proof, resource },
  'sign-in.v2.authorize': { ...authorize, ...listener, ...proof },
}

/** Forms with which the routes do their work; all others are empty. */
const forms: Readonly<Record<string, Fields>> = {
  'token.post': { ...dataScope, grant_type: 'password', username: '{appId}', password: '{secret}' },
  'token.exchange': { service: '{loginServer}', grant_type: 'access_token', access_token: '{armToken}' },
  'identity.v1.token': { ...client, grant_type: 'client_credentials', resource },
  'identity.v2.token': { ...client, grant_type: 'client_credentials', scope: `${resource}/.default` },
  'identity.v1.deviceCode': { client_id: authorize.client_id, resource },
  'identity.v2.deviceCode': { client_id: authorize.client_id, scope: `${resource}/.default` },
  'sign-in.v1.authorize.form': { ...authorize, ...listener, ...proof, resource },
  'sign-in.v2.authorize.form': { ...authorize, ...listener, ...proof },
}

/** The routes that are not measured, each with the reason. */
export const notMeasured: Readonly<Record<string, string>> = {
  'management.signingKeys.rotate': 'replaces the keys of all callers; the server limits how many keys there are',
  'management.signingKeys.withdraw': 'ends the tokens of the callers that are measured',
  'management.garbageCollection.start': 'starts a job of the server, one at a time',
  'management.scrub.start': 'starts a job of the server, one at a time',
  'management.backup.start': 'starts a job of the server, one at a time',
  'management.registries.delete': 'deletes the registry of the callers that are measured',
  'management.resourceGroups.delete': 'deletes the registry of the callers that are measured',
  'management.anonymousAccess.delete': 'changes what the anonymous role of the bench may do',
  'management.registries.patch': 'changes the settings of the registry that is measured',
  'graph.me.revokeSignInSessions': 'ends the token with which the requests are sent',
}

const endsSession = 'ends the session with which an owner sends the requests of a browser'

/** The routes that only callers without a credential request, each with the reason. */
export const withoutOwner: Readonly<Record<string, string>> = {
  'portal.session.signOut': endsSession,
  'portal.session.signOutEverywhere': endsSession,
  'sign-in.sign-out': endsSession,
  'sign-in.sign-out.submit': endsSession,
  'sign-in.v1.logout': endsSession,
  'sign-in.v1.logout.form': endsSession,
  'sign-in.v2.logout': endsSession,
  'sign-in.v2.logout.form': endsSession,
}

/** The routes that are measured: all that are not excluded with a reason. */
export function measuredRoutes(): readonly RouteKind[] {
  return allRoutes().filter(({ id }) => !(id in notMeasured))
}

/** The URL of a request, below the address of a server. Objects that the values do not name do not exist. */
export function fillUrl({ path, query }: RouteKind, values: Fields): string {
  const version = /^\/(?:subscriptions|providers|tenants|batch|metadata)\b/.test(path)
    ? { 'api-version': '2025-03-01-preview' }
    : {}
  const search = new URLSearchParams(fillFields({ ...version, ...query }, values)).toString()
  return fill(path, values) + (search === '' ? '' : `?${search}`)
}

/** The fields of a form or a query. */
export function fillFields(fields: Fields, values: Fields): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, fill(text, values)]))
}

const nowhere = '99999999-9999-4999-8999-999999999999'

function fill(text: string, values: Fields): string {
  return text.replaceAll(/\{(\w+)\}/g, (_match, name: string) => values[name] ?? nowhere)
}
