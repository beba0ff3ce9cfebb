import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../clients/lib/examples.ts'

/** A request to a route, which the fairness bench sends as one of its kinds. */
export interface RouteKind {
  /** The id of the route. */
  readonly id: string
  readonly method: string
  /** The path of the route; parameters are in braces. */
  readonly path: string
  /** A JSON body, for routes that read one. */
  readonly body?: unknown
}

type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>> }

/** The routes of all surfaces, in the generated OpenAPI document. */
export function allRoutes(): readonly RouteKind[] {
  const { paths } = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as Document
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { operationId }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
      ...(operationId in bodies ? { body: bodies[operationId] } : bodyOf(method)),
    })),
  )
}

function bodyOf(method: string): { readonly body?: unknown } {
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

/** The routes that are measured: all that are not excluded with a reason. */
export function measuredRoutes(): readonly RouteKind[] {
  return allRoutes().filter(({ id }) => !(id in notMeasured))
}

/** Fills the parameters of a path. Objects that the values do not name do not exist. */
export function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => values[name] ?? nowhere)
  return /^\/(?:subscriptions|providers|tenants|batch|metadata)\b/.test(path)
    ? `${filled}?api-version=2025-03-01-preview`
    : filled
}

const nowhere = '99999999-9999-4999-8999-999999999999'
