import { matchAcrPath } from '@acrux/shared/standards/azure/acr-path.ts'
import { parseLoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { repositoryActions } from '@acrux/shared/standards/oauth/access-scope.ts'
import { matchOciPath } from '@acrux/shared/standards/oci/oci-path.ts'
import { parseRepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import type { RegistryAccess } from '../sessions/session-tokens.ts'

/** The surface that answers a request of the portal, and the URL of the request there. */
export type ApiTarget =
  | { readonly surface: 'arm' | 'graph'; readonly url: string }
  | { readonly surface: 'registry'; readonly url: string; readonly access: RegistryAccess }

/** The maximum number of repositories of one request. A token with the access to all of these repositories must fit in a header. */
const maxRepositories = 20

/** The paths of the portal's requests to the surfaces begin with this text. */
export const apiPath = '/portal/api'

/** The characters of a path without its query, percent-encoded. [RFC 3986 §3.3] */
const pathPattern = /^[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/

/**
 * The target of a request to `/portal/api/arm/…`, `/portal/api/graph/…` or `/portal/api/registry/{loginServer}/…`. The result is undefined
 * for every path that does not belong to a surface that the portal uses. `armRoots` are the first segments of ARM's paths.
 */
export function parseApiTarget(url: string, armRoots: ReadonlySet<string>): ApiTarget | undefined {
  const queryAt = url.indexOf('?')
  const path = queryAt === -1 ? url : url.slice(0, queryAt)
  const query = queryAt === -1 ? '' : url.slice(queryAt)
  if (!path.startsWith(`${apiPath}/`) || !pathPattern.test(path) || leavesItsFolder(path)) return undefined
  const [surface = '', ...segments] = path.slice(apiPath.length + 1).split('/')
  switch (surface) {
    case 'arm':
      return armRoots.has(segments[0] ?? '') ? { surface, url: `/${segments.join('/')}${query}` } : undefined
    case 'graph':
      return (segments[0] ?? '') === '' ? undefined : { surface, url: `/graph/v1.0/${segments.join('/')}${query}` }
    case 'registry':
      return registryTarget(segments[0] ?? '', `/${segments.slice(1).join('/')}`, query)
    default:
      return undefined
  }
}

/** Whether the path contains the segment `.` or `..`, also percent-encoded, or an empty segment. */
function leavesItsFolder(path: string): boolean {
  return path
    .slice(1, path.endsWith('/') ? -1 : undefined)
    .split('/')
    .some((segment) => /^(?:\.|%2e){0,2}$/i.test(segment))
}

function registryTarget(host: string, path: string, query: string): ApiTarget | undefined {
  const loginServer = parseLoginServer(host.replace(/%3a/i, ':'))
  const scope = loginServer === undefined ? undefined : accessScopeOf(path, query)
  if (loginServer === undefined || scope === undefined) return undefined
  return { surface: 'registry', url: `${path}${query}`, access: { loginServer, scope } }
}

/**
 * The complete access that a request to this path can need. The token service reduces it to the access that the person has, and the
 * registry checks the access that the request needs.
 */
function accessScopeOf(path: string, query: string): string | undefined {
  const found = matchOciPath(path) ?? matchAcrPath(path)
  if (found === undefined) return undefined
  switch (found.kind) {
    case 'base':
    case 'uploads':
    case 'upload':
      // The portal pushes no blobs.
      return undefined
    case 'catalog':
      return 'registry:catalog:*'
    case 'repositories':
      return 'registry:repositories:*'
    case 'deleted-catalog':
      return 'registry:deleted_catalog:*'
    case 'bulk':
      return accessScopeOfAll(new URLSearchParams(query).getAll('repository'))
    default:
      return accessScopeOfAll([found.repository])
  }
}

/** If a request contains several operations, its query contains the names of their repositories. */
function accessScopeOfAll(repositories: readonly string[]): string | undefined {
  const names = repositories.map((repository) => parseRepositoryName(repository))
  if (names.length === 0 || names.length > maxRepositories || names.includes(undefined)) return undefined
  return names.map((name) => `repository:${name}:${repositoryActions.join(',')}`).join(' ')
}
