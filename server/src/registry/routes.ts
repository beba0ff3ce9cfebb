import type { RouteCost } from '../platform/http/route-cost.ts'
import type { ResponseSchema, RouteDescription } from '../platform/http/surface.ts'
import { type AcrPath, matchAcrPath } from '@acrux/shared/standards/azure/acr-path.ts'
import { matchOciPath, type OciPath } from '@acrux/shared/standards/oci/oci-path.ts'
import type { AcrCall, OciCall } from './surface/call.ts'
import {
  catalogSchema,
  deletedManifestListSchema,
  deletedTagListSchema,
  manifestDocumentSchema,
  manifestListSchema,
  repositoryDeletionSchema,
  repositorySchema,
  tagDocumentSchema,
  tagListSchema,
  tagNamesSchema,
} from './surface/documents.ts'
import type { RegistryNeed } from './surface/ports.ts'

/** The schemas of the successful responses that are documents of ours. Manifests and blobs are what was pushed. */
const responses = {
  listCatalog: catalogSchema,
  listTags: tagNamesSchema,
  listRepositories: catalogSchema,
  getRepository: repositorySchema,
  patchRepository: repositorySchema,
  deleteRepository: repositoryDeletionSchema,
  listTagProperties: tagListSchema,
  getTag: tagDocumentSchema,
  patchTag: tagDocumentSchema,
  deleteTag: 'none',
  listManifestProperties: manifestListSchema,
  getManifestProperties: manifestDocumentSchema,
  patchManifest: manifestDocumentSchema,
  listDeletedCatalog: catalogSchema,
  listDeletedTags: deletedTagListSchema,
  listDeletedManifests: deletedManifestListSchema,
  restoreManifest: manifestDocumentSchema,
} as const satisfies Partial<Record<keyof RegistryHandlers, ResponseSchema>>

type Handler<Call> = (call: Call) => Promise<void>

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
  getRepository: 'repository',
  patchRepository: 'repository',
  deleteRepository: 'repository',
  listTagProperties: 'tags',
  getTag: 'tag',
  patchTag: 'tag',
  deleteTag: 'tag',
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
  readonly work: RouteWork
  readonly stepUp: boolean
  /** Whether its requests are counted as pulls or pushes. */
  readonly counts: Transfer | undefined
}

/**
 * When a request is decided. `at-once`: at its admission only, because it is answered from memory or one read, and writes
 * nothing for its caller. `waits` and `body`: it is work under way, which is decided again when the authority revision has moved
 * while it waited or read its body.
 */
type RouteWork = 'at-once' | 'waits' | 'body'

type Transfer = 'pull' | 'push'

const signedIn: RouteNeed = { kind: 'signed-in' }
const catalog: RouteNeed = { kind: 'catalog', name: 'catalog' }
const deletedCatalog: RouteNeed = { kind: 'catalog', name: 'deleted_catalog' }
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
  oci('registry.base.get',                  'GET',    '/v2/',                                      signedIn,        'ping',                    'small',  'at-once', 'no-step-up'),
  oci('registry.base.head',                 'HEAD',   '/v2/',                                      signedIn,        'ping',                    'small',  'at-once', 'no-step-up'),
  oci('registry.catalog.list',              'GET',    '/v2/_catalog',                              catalog,         'listCatalog',             'list',   'waits', 'no-step-up'),
  oci('registry.tags.list',                 'GET',    '/v2/:name/tags/list',                       readProperties,  'listTags',                'list',   'waits', 'no-step-up'),
  oci('registry.referrers.list',            'GET',    '/v2/:name/referrers/:digest',               pull,            'listReferrers',           'list',   'waits', 'no-step-up'),
  oci('registry.manifests.get',             'GET',    '/v2/:name/manifests/:reference',            pull,            'getManifest',             'read',   'at-once', 'no-step-up', 'pull'),
  oci('registry.manifests.head',            'HEAD',   '/v2/:name/manifests/:reference',            pull,            'headManifest',            'read',   'at-once', 'no-step-up'),
  oci('registry.manifests.put',             'PUT',    '/v2/:name/manifests/:reference',            push,            'putManifest',             'change', 'body', 'step-up', 'push'),
  oci('registry.manifests.delete',          'DELETE', '/v2/:name/manifests/:reference',            erase,           'deleteManifest',          'change', 'waits', 'step-up'),
  oci('registry.blobs.get',                 'GET',    '/v2/:name/blobs/:digest',                   pull,            'getBlob',                 'small',  'waits', 'no-step-up'),
  oci('registry.blobs.head',                'HEAD',   '/v2/:name/blobs/:digest',                   pull,            'headBlob',                'small',  'waits', 'no-step-up'),
  oci('registry.blobs.delete',              'DELETE', '/v2/:name/blobs/:digest',                   erase,           'deleteBlob',              'change', 'waits', 'step-up'),
  oci('registry.uploads.start',             'POST',   '/v2/:name/blobs/uploads/',                  push,            'startUpload',             'change', 'body', 'step-up'),
  oci('registry.uploads.get',               'GET',    '/v2/:name/blobs/uploads/:id',               push,            'uploadStatus',            'read',   'waits', 'no-step-up'),
  oci('registry.uploads.append',            'PATCH',  '/v2/:name/blobs/uploads/:id',               push,            'appendToUpload',          'change', 'body', 'step-up'),
  oci('registry.uploads.finish',            'PUT',    '/v2/:name/blobs/uploads/:id',               push,            'finishUpload',            'change', 'body', 'step-up'),
  oci('registry.uploads.cancel',            'DELETE', '/v2/:name/blobs/uploads/:id',               push,            'cancelUpload',            'change', 'waits', 'step-up'),
  acr('registry.properties.catalog',        'GET',    '/acr/v1/_catalog',                          catalog,         'listRepositories',        'list',   'waits', 'no-step-up'),
  acr('registry.repository.get',            'GET',    '/acr/v1/:name',                             readProperties,  'getRepository',           'read',   'waits', 'no-step-up'),
  acr('registry.repository.patch',          'PATCH',  '/acr/v1/:name',                             writeProperties, 'patchRepository',         'change', 'body', 'step-up'),
  acr('registry.repository.delete',         'DELETE', '/acr/v1/:name',                             erase,           'deleteRepository',        'change', 'waits', 'step-up'),
  acr('registry.tag-properties.list',       'GET',    '/acr/v1/:name/_tags',                       readProperties,  'listTagProperties',       'list',   'waits', 'no-step-up'),
  acr('registry.tag-properties.get',        'GET',    '/acr/v1/:name/_tags/:tag',                  readProperties,  'getTag',                  'read',   'waits', 'no-step-up'),
  acr('registry.tag-properties.patch',      'PATCH',  '/acr/v1/:name/_tags/:tag',                  writeProperties, 'patchTag',                'change', 'body', 'step-up'),
  acr('registry.tag-properties.delete',     'DELETE', '/acr/v1/:name/_tags/:tag',                  endTag,          'deleteTag',               'change', 'waits', 'step-up'),
  acr('registry.manifest-properties.list',  'GET',    '/acr/v1/:name/_manifests',                  readProperties,  'listManifestProperties',  'list',   'waits', 'no-step-up'),
  acr('registry.manifest-properties.get',   'GET',    '/acr/v1/:name/_manifests/:digest',          readProperties,  'getManifestProperties',   'list',   'waits', 'no-step-up'),
  acr('registry.manifest-properties.patch', 'PATCH',  '/acr/v1/:name/_manifests/:digest',          writeProperties, 'patchManifest',           'change', 'body', 'step-up'),
  acr('registry.deleted.catalog',           'GET',    '/acr/v1/_deleted/_catalog',                 deletedCatalog,  'listDeletedCatalog',      'list',   'waits', 'no-step-up'),
  acr('registry.deleted.tags',              'GET',    '/acr/v1/_deleted/:name/_tags',              readDeleted,     'listDeletedTags',         'list',   'waits', 'no-step-up'),
  acr('registry.deleted.manifests',         'GET',    '/acr/v1/_deleted/:name/_manifests',         readDeleted,     'listDeletedManifests',    'list',   'waits', 'no-step-up'),
  acr('registry.deleted.restore',           'POST',   '/acr/v1/_deleted/:name/_manifests/:digest', restoreDeleted,  'restoreManifest',         'change', 'waits', 'step-up'),
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

/** The cells of a row. */
type Cells<Handler> = readonly [
  id: string,
  method: string,
  path: string,
  need: RouteNeed,
  handler: Handler,
  cost: RouteCost,
  work: RouteWork,
  stepUp: 'step-up' | 'no-step-up',
  counts?: Transfer,
]

function oci(...cells: Cells<keyof typeof ociKinds>): RegistryRoute {
  return routeOf(cells, { surface: 'oci', kind: ociKinds[cells[4]] })
}

function acr(...cells: Cells<keyof typeof acrKinds>): RegistryRoute {
  return routeOf(cells, { surface: 'acr', kind: acrKinds[cells[4]] })
}

function routeOf(
  [id, method, path, need, handler, cost, work, stepUp, counts]: Cells<keyof RegistryHandlers>,
  matched: Pick<RegistryRoute, 'surface' | 'kind'>,
): RegistryRoute {
  return {
    id,
    method,
    path,
    need,
    cost,
    work,
    readsBody: work === 'body',
    stepUp: stepUp === 'step-up',
    counts,
    ...matched,
    handler,
    ...responseOf(handler),
  }
}

function responseOf(handler: keyof RegistryHandlers): { readonly response?: ResponseSchema } {
  return handler in responses ? { response: responses[handler as keyof typeof responses] } : {}
}

function on(...actions: readonly string[]): RouteNeed {
  return { kind: 'repository', actions }
}
