import type { IncomingMessage } from 'node:http'
import type { ChangeColumns } from '../platform/http/change-columns.ts'
import type { RouteCost } from '../platform/http/route-cost.ts'
import type { ResponseSchema, RouteDescription } from '../platform/http/surface.ts'
import { type AcrPath, matchAcrPath } from '@acrux/shared/standards/azure/acr-path.ts'
import { matchOciPath, type OciPath } from '@acrux/shared/standards/oci/oci-path.ts'
import type { AcrCall, AsOtherRoute, OciCall } from './protocol/call.ts'
import {
  bulkResultsSchema,
  bulkSchema,
  catalogSchema,
  deletedManifestListSchema,
  deletedTagListSchema,
  imageListSchema,
  manifestDocumentSchema,
  manifestListSchema,
  reportListSchema,
  repositoryDeletionSchema,
  repositoryListSchema,
  repositorySchema,
  tagDocumentSchema,
  tagHistorySchema,
  tagListSchema,
  tagNamesSchema,
} from './protocol/documents.ts'
import type { RateClass, RegistryNeed } from './protocol/ports.ts'

type Handler<Call> = (call: Call, asOtherRoute: AsOtherRoute) => Promise<void>

/** The handlers below `/v2/`, with the kind of path of each. */
const ociKinds = {
  ping: 'base',
  listCatalog: 'catalog',
  listTags: 'tags',
  listReferrers: 'referrers',
  getManifest: 'manifest',
  headManifest: 'manifest',
  putManifest: 'manifest',
  deleteManifest: 'manifest',
  getBlob: 'blob',
  headBlob: 'blob',
  deleteBlob: 'blob',
  startUpload: 'uploads',
  uploadStatus: 'upload',
  appendToUpload: 'upload',
  finishUpload: 'upload',
  cancelUpload: 'upload',
} as const satisfies Readonly<Record<string, OciPath['kind']>>

/** The handlers below `/acr/v1/`, with the kind of path of each. */
const acrKinds = {
  listRepositories: 'catalog',
  listRepositoryProperties: 'repositories',
  runBulk: 'bulk',
  getRepository: 'repository',
  patchRepository: 'repository',
  deleteRepository: 'repository',
  listTagProperties: 'tags',
  getTag: 'tag',
  patchTag: 'tag',
  deleteTag: 'tag',
  getTagHistory: 'tag-history',
  revertTag: 'tag-revert',
  listImages: 'images',
  listReports: 'reports',
  listManifestProperties: 'manifests',
  getManifestProperties: 'manifest',
  patchManifest: 'manifest',
  listDeletedCatalog: 'deleted-catalog',
  listDeletedTags: 'deleted-tags',
  listDeletedManifests: 'deleted-manifests',
  restoreManifest: 'deleted-manifest',
} as const satisfies Readonly<Record<string, AcrPath['kind']>>

/** The handler of each route. */
export type RegistryHandlers = {
  readonly [Name in keyof typeof ociKinds]: Handler<OciCall<(typeof ociKinds)[Name]>>
} & {
  readonly [Name in keyof typeof acrKinds]: Handler<AcrCall<(typeof acrKinds)[Name]>>
}

/** The need of a route. The repository of a need is only known from the path of a request. */
export type RouteNeed =
  Exclude<RegistryNeed, { kind: 'repository' }> | Omit<Extract<RegistryNeed, { kind: 'repository' }>, 'repository'>

/** A row of the table, which is the router and the authorization map of the module. */
export type RegistryRoute = RouteDescription & {
  readonly method: string
  readonly need: RouteNeed
  readonly surface: 'oci' | 'acr'
  readonly kind: OciPath['kind'] | AcrPath['kind']
  readonly handler: keyof RegistryHandlers
  readonly isAtOnce: boolean
  /** Whether its requests are counted as pulls or pushes. */
  readonly counts: Transfer | undefined
  readonly rate: RateClass
}

type Transfer = 'pull' | 'push'

const signedIn: RouteNeed = { kind: 'signed-in' }
const catalog: RouteNeed = { kind: 'catalog', name: 'catalog' }
const deletedCatalog: RouteNeed = { kind: 'catalog', name: 'deleted_catalog' }
const repositories: RouteNeed = { kind: 'catalog', name: 'repositories' }
const pull = on('pull')
const push = on('pull', 'push')
const erase = on('delete')
const readProperties = on('metadata_read')
const writeProperties = on('metadata_write')
const readDeleted = on('deleted_read')
const restoreDeleted = on('deleted_read', 'deleted_restore')
/**
 * The challenge asks for `delete`. A caller that may write properties can move a tag anywhere, so it may delete it too.
 */
const endTag: RouteNeed = { kind: 'repository', actions: ['delete'], anyOf: ['metadata_write', 'untag'] }

// prettier-ignore
/** The table. [OCI distribution-spec, Endpoints; ACR REST data plane] */
export const registryRoutes: readonly RegistryRoute[] = [
  oci({ id: 'registry.base.get',                   method: 'GET',    path: '/v2/',                                        need: signedIn,        handler: 'ping',                   cost: 'small', isAtOnce: true }),
  oci({ id: 'registry.base.head',                  method: 'HEAD',   path: '/v2/',                                        need: signedIn,        handler: 'ping',                   cost: 'small', isAtOnce: true }),
  oci({ id: 'registry.catalog.list',               method: 'GET',    path: '/v2/_catalog',                                need: catalog,         handler: 'listCatalog',            cost: 'list', response: catalogSchema }),
  oci({ id: 'registry.tags.list',                  method: 'GET',    path: '/v2/:name/tags/list',                         need: readProperties,  handler: 'listTags',               cost: 'list', response: tagNamesSchema }),
  oci({ id: 'registry.referrers.list',             method: 'GET',    path: '/v2/:name/referrers/:digest',                 need: pull,            handler: 'listReferrers',          cost: 'list', rate: 'referrers' }),
  oci({ id: 'registry.manifests.get',              method: 'GET',    path: '/v2/:name/manifests/:reference',              need: pull,            handler: 'getManifest',            cost: 'read', isAtOnce: true, counts: 'pull' }),
  oci({ id: 'registry.manifests.head',             method: 'HEAD',   path: '/v2/:name/manifests/:reference',              need: pull,            handler: 'headManifest',           cost: 'read', isAtOnce: true }),
  oci({ id: 'registry.manifests.put',              method: 'PUT',    path: '/v2/:name/manifests/:reference',              need: push,            handler: 'putManifest',            cost: 'change', stepUp: true, body: 'bytes', counts: 'push' }),
  oci({ id: 'registry.manifests.delete',           method: 'DELETE', path: '/v2/:name/manifests/:reference',              need: erase,           handler: 'deleteManifest',         cost: 'change', stepUp: true, defers: true }),
  oci({ id: 'registry.blobs.get',                  method: 'GET',    path: '/v2/:name/blobs/:digest',                     need: pull,            handler: 'getBlob',                cost: 'small' }),
  oci({ id: 'registry.blobs.head',                 method: 'HEAD',   path: '/v2/:name/blobs/:digest',                     need: pull,            handler: 'headBlob',               cost: 'small' }),
  oci({ id: 'registry.blobs.delete',               method: 'DELETE', path: '/v2/:name/blobs/:digest',                     need: erase,           handler: 'deleteBlob',             cost: 'change', stepUp: true }),
  oci({ id: 'registry.uploads.start',              method: 'POST',   path: '/v2/:name/blobs/uploads/',                    need: push,            handler: 'startUpload',            cost: 'change', stepUp: true, body: 'stream' }),
  oci({ id: 'registry.uploads.get',                method: 'GET',    path: '/v2/:name/blobs/uploads/:id',                 need: push,            handler: 'uploadStatus',           cost: 'read' }),
  oci({ id: 'registry.uploads.append',             method: 'PATCH',  path: '/v2/:name/blobs/uploads/:id',                 need: push,            handler: 'appendToUpload',         cost: 'change', stepUp: true, body: 'stream' }),
  oci({ id: 'registry.uploads.finish',             method: 'PUT',    path: '/v2/:name/blobs/uploads/:id',                 need: push,            handler: 'finishUpload',           cost: 'change', stepUp: true, body: 'stream' }),
  oci({ id: 'registry.uploads.cancel',             method: 'DELETE', path: '/v2/:name/blobs/uploads/:id',                 need: push,            handler: 'cancelUpload',           cost: 'change', stepUp: true }),
  acr({ id: 'registry.properties.catalog',         method: 'GET',    path: '/acr/v1/_catalog',                            need: catalog,         handler: 'listRepositories',       cost: 'list', response: catalogSchema }),
  acr({ id: 'registry.repositories.list',          method: 'GET',    path: '/acr/v1/_repositories',                       need: repositories,    handler: 'listRepositoryProperties', cost: 'list', response: repositoryListSchema }),
  acr({ id: 'registry.bulk.run',                   method: 'POST',   path: '/acr/v1/_bulk',                               need: signedIn,        handler: 'runBulk',                cost: 'list', stepUp: true, body: bulkSchema, response: bulkResultsSchema }),
  acr({ id: 'registry.repository.get',             method: 'GET',    path: '/acr/v1/:name',                               need: readProperties,  handler: 'getRepository',          cost: 'read', response: repositorySchema }),
  acr({ id: 'registry.repository.patch',           method: 'PATCH',  path: '/acr/v1/:name',                               need: writeProperties, handler: 'patchRepository',        cost: 'change', stepUp: true, body: 'bytes', response: repositorySchema }),
  acr({ id: 'registry.repository.delete',          method: 'DELETE', path: '/acr/v1/:name',                               need: erase,           handler: 'deleteRepository',       cost: 'change', stepUp: true, defers: true, response: repositoryDeletionSchema }),
  acr({ id: 'registry.tag-properties.list',        method: 'GET',    path: '/acr/v1/:name/_tags',                         need: readProperties,  handler: 'listTagProperties',      cost: 'list', response: tagListSchema }),
  acr({ id: 'registry.tag-properties.get',         method: 'GET',    path: '/acr/v1/:name/_tags/:tag',                    need: readProperties,  handler: 'getTag',                 cost: 'read', response: tagDocumentSchema }),
  acr({ id: 'registry.tag-properties.patch',       method: 'PATCH',  path: '/acr/v1/:name/_tags/:tag',                    need: writeProperties, handler: 'patchTag',               cost: 'change', stepUp: true, body: 'bytes', response: tagDocumentSchema }),
  acr({ id: 'registry.tag-properties.delete',      method: 'DELETE', path: '/acr/v1/:name/_tags/:tag',                    need: endTag,          handler: 'deleteTag',              cost: 'change', stepUp: true, response: 'none' }),
  acr({ id: 'registry.tag-history.get',            method: 'GET',    path: '/acr/v1/:name/_tags/:tag/_history',           need: readProperties,  handler: 'getTagHistory',          cost: 'read', response: tagHistorySchema }),
  acr({ id: 'registry.tag-history.revert',         method: 'POST',   path: '/acr/v1/:name/_tags/:tag/_revert',            need: push,            handler: 'revertTag',              cost: 'change', stepUp: true, body: 'bytes', response: tagDocumentSchema }),
  acr({ id: 'registry.images.list',                method: 'GET',    path: '/acr/v1/:name/_images',                       need: readProperties,  handler: 'listImages',             cost: 'list', response: imageListSchema }),
  acr({ id: 'registry.reports.list',               method: 'GET',    path: '/acr/v1/:name/_manifests/:digest/_reports', need: readProperties, handler: 'listReports',            cost: 'list', response: reportListSchema }),
  acr({ id: 'registry.manifest-properties.list',   method: 'GET',    path: '/acr/v1/:name/_manifests',                    need: readProperties,  handler: 'listManifestProperties', cost: 'list', response: manifestListSchema }),
  acr({ id: 'registry.manifest-properties.get',    method: 'GET',    path: '/acr/v1/:name/_manifests/:digest',            need: readProperties,  handler: 'getManifestProperties',  cost: 'list', response: manifestDocumentSchema }),
  acr({ id: 'registry.manifest-properties.patch',  method: 'PATCH',  path: '/acr/v1/:name/_manifests/:digest',            need: writeProperties, handler: 'patchManifest',          cost: 'change', stepUp: true, body: 'bytes', response: manifestDocumentSchema }),
  acr({ id: 'registry.deleted.catalog',            method: 'GET',    path: '/acr/v1/_deleted/_catalog',                   need: deletedCatalog,  handler: 'listDeletedCatalog',     cost: 'list', response: catalogSchema }),
  acr({ id: 'registry.deleted.tags',               method: 'GET',    path: '/acr/v1/_deleted/:name/_tags',                need: readDeleted,     handler: 'listDeletedTags',        cost: 'list', response: deletedTagListSchema }),
  acr({ id: 'registry.deleted.manifests',          method: 'GET',    path: '/acr/v1/_deleted/:name/_manifests',           need: readDeleted,     handler: 'listDeletedManifests',   cost: 'list', response: deletedManifestListSchema }),
  acr({ id: 'registry.deleted.restore',            method: 'POST',   path: '/acr/v1/_deleted/:name/_manifests/:digest',   need: restoreDeleted,  handler: 'restoreManifest',        cost: 'change', stepUp: true, body: 'none', response: manifestDocumentSchema }),
]

/** A matched raw path, percent-encoded and without its query, and its surface. */
export type MatchedPath =
  { readonly surface: 'oci'; readonly path: OciPath } | { readonly surface: 'acr'; readonly path: AcrPath }

/** Matches a raw path; undefined if no row has it. */
export function matchPath(rawPath: string): MatchedPath | undefined {
  const path = matchOciPath(rawPath)
  if (path !== undefined) return { surface: 'oci', path }
  const acrPath = matchAcrPath(rawPath)
  return acrPath === undefined ? undefined : { surface: 'acr', path: acrPath }
}

type RoutesOfKind = ReadonlyMap<string, RegistryRoute>

/** The rows by method, for each kind of path of each surface. */
export type RouteIndex = Readonly<Record<RegistryRoute['surface'], ReadonlyMap<RegistryRoute['kind'], RoutesOfKind>>>

/** Indexes the table for the router. */
export function indexRoutes(routes: readonly RegistryRoute[]): RouteIndex {
  const byKind = () => new Map<RegistryRoute['kind'], Map<string, RegistryRoute>>()
  const index = { oci: byKind(), acr: byKind() }
  for (const route of routes) {
    const kinds = index[route.surface]
    const methods = kinds.get(route.kind) ?? new Map<string, RegistryRoute>()
    methods.set(route.method, route)
    kinds.set(route.kind, methods)
  }
  return index
}

const routes = indexRoutes(registryRoutes)

/** Whether the route of a request reads its body as a stream, which may take any time. */
export function readsStream({ method = '', url = '' }: Pick<IncomingMessage, 'method' | 'url'>): boolean {
  const matched = matchPath(url.split('?', 1)[0] ?? '')
  return matched !== undefined && routes[matched.surface].get(matched.path.kind)?.get(method)?.body === 'stream'
}

type Row<Handler> = ChangeColumns<'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'> & {
  readonly id: string
  readonly path: string
  readonly need: RouteNeed
  readonly handler: Handler
  readonly cost: RouteCost
  readonly counts?: Transfer
  /** How its requests count in ACR's rate limits; by default, as its method says. */
  readonly rate?: RateClass
  readonly defers?: true
  readonly response?: ResponseSchema
} & (
    | {
        readonly method: 'GET' | 'HEAD'
        /**
         * Whether the request is decided at its admission only, because it is answered from memory or one read, and writes nothing
         * for its caller. Every other request, and the view of a person in the portal, which writes an event, is work under way,
         * which is decided again when the authority revision has moved.
         */
        readonly isAtOnce?: true
      }
    | { readonly isAtOnce?: never }
  )

function oci(row: Row<keyof typeof ociKinds>): RegistryRoute {
  return routeOf(row, { surface: 'oci', kind: ociKinds[row.handler] })
}

function acr(row: Row<keyof typeof acrKinds>): RegistryRoute {
  return routeOf(row, { surface: 'acr', kind: acrKinds[row.handler] })
}

/** All rows have the same properties, so that a request of any of them reads the same shape. */
function routeOf(row: Row<keyof RegistryHandlers>, matched: Pick<RegistryRoute, 'surface' | 'kind'>): RegistryRoute {
  const { id, method, path, need, cost, handler, body, stepUp, defers, counts, response, isAtOnce = false } = row
  const { rate = rateOfMethod(method) } = row
  return { id, method, path, need, cost, handler, body, stepUp, defers, counts, rate, response, isAtOnce, ...matched }
}

/** How a request counts that no row describes otherwise. */
export function rateOfMethod(method: string): RateClass {
  if (method === 'GET' || method === 'HEAD') return 'read'
  return method === 'DELETE' ? 'delete' : 'write'
}

function on(...actions: readonly string[]): RouteNeed {
  return { kind: 'repository', actions }
}
