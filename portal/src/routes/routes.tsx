import { Outlet, createRootRoute, createRoute, lazyRouteComponent, notFound } from '@tanstack/react-router'
import { type AddressNames, isAddress } from '../components/elements/address.ts'
import { AppShell } from '../components/shell/app-shell.tsx'
import { Missing } from '../components/elements/missing.tsx'
import { type JobSystem, systems } from '../views/applications/job-systems.ts'
import { parseImportSearch } from '../views/import/import-form.ts'
import { parseManifestSearch } from '../views/manifest/search.ts'
import { type RangeName, isRangeName } from '../views/registry/ranges.ts'
import { parseRepositoriesSearch } from '../views/repositories/repositories-search.ts'
import { parseRepositorySearch } from '../views/repositories/repository-search.ts'
import { parseServerSearch } from '../views/server/server-search.ts'
import { parseAccessSearch, parsePrincipal } from '../views/access-control/access-search.ts'
import { parseTokenSearch } from '../views/tokens/token-search.ts'
import { parseEventSearch } from '../views/audit/event-search.ts'

/** An address with invalid names is not an address of the portal. */
function requireAddress(names: AddressNames): void {
  if (!isAddress(names)) throw notFound()
}

const correlationIdPattern = /^[0-9a-f-]{36}$/i

function requireCorrelationId({ id }: { readonly id: string }): void {
  if (!correlationIdPattern.test(id)) throw notFound()
}

/* One row for each view. Its component is loaded when the view is first opened. */

const root = createRootRoute({ component: Outlet })

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: AppShell })

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('../views/home/home.tsx'), 'Home'),
})

const registry = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: ({ range }: Record<string, unknown>): { readonly range?: RangeName } =>
    isRangeName(range) ? { range } : {},
  component: lazyRouteComponent(() => import('../views/registry/registry.tsx'), 'RegistryOverview'),
})

const repositories = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/repositories',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: parseRepositoriesSearch,
  component: lazyRouteComponent(() => import('../views/repositories/repositories.tsx'), 'Repositories'),
})

const repository = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/repositories/$repository',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: parseRepositorySearch,
  component: lazyRouteComponent(() => import('../views/repositories/repository.tsx'), 'Repository'),
})

const manifest = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/repositories/$repository/manifests/$reference',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: parseManifestSearch,
  component: lazyRouteComponent(() => import('../views/manifest/manifest.tsx'), 'Manifest'),
})

const search = createRoute({
  getParentRoute: () => shell,
  path: '/search',
  validateSearch: ({ q }: Record<string, unknown>): { readonly q?: string } => (typeof q === 'string' ? { q } : {}),
  component: lazyRouteComponent(() => import('../views/search/search.tsx'), 'Search'),
})

const deleted = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/deleted',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('../views/deleted/deleted-repositories.tsx'), 'DeletedRepositories'),
})

const deletedRepository = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/deleted/$repository',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('../views/deleted/deleted-manifests.tsx'), 'DeletedManifests'),
})

const imports = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/import',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: parseImportSearch,
  component: lazyRouteComponent(() => import('../views/import/import.tsx'), 'Import'),
})

const uploads = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/uploads',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('../views/uploads/uploads.tsx'), 'Uploads'),
})

const access = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/access',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: parseAccessSearch,
  component: lazyRouteComponent(() => import('../views/access-control/access-control.tsx'), 'AccessControl'),
})

const addAssignment = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/access/add',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: parsePrincipal,
  component: lazyRouteComponent(() => import('../views/access-control/add-assignment.tsx'), 'AddAssignment'),
})

const accessKeys = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/keys',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('../views/access-keys/access-keys.tsx'), 'AccessKeys'),
})

const tokens = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/tokens',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: parseTokenSearch,
  component: lazyRouteComponent(() => import('../views/tokens/tokens.tsx'), 'Tokens'),
})

const createToken = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/tokens/new',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('../views/tokens/create-token.tsx'), 'CreateToken'),
})

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: parseEventSearch,
  component: lazyRouteComponent(() => import('../views/audit/audit.tsx'), 'Audit'),
})

const integrity = createRoute({
  getParentRoute: () => shell,
  path: '/audit/integrity',
  component: lazyRouteComponent(() => import('../views/audit/integrity.tsx'), 'Integrity'),
})

const registryAudit = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/audit',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: parseEventSearch,
  component: lazyRouteComponent(() => import('../views/audit/audit.tsx'), 'RegistryAudit'),
})

const denial = createRoute({
  getParentRoute: () => shell,
  path: '/denials/$id',
  beforeLoad: ({ params }) => requireCorrelationId(params),
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('../views/denial/denial.tsx'), 'Denial'),
})

const registryDenial = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/denials/$id',
  beforeLoad: ({ params }) => {
    requireAddress(params)
    requireCorrelationId(params)
  },
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('../views/denial/denial.tsx'), 'RegistryDenial'),
})

const policies = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/policies',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: ({ address }: Record<string, unknown>): { address?: string } =>
    typeof address === 'string' && /^[0-9a-f.:]+(?:\/[0-9]{1,3})?$/i.test(address) ? { address } : {},
  component: lazyRouteComponent(() => import('../views/policies/policies.tsx'), 'PoliciesView'),
})

const server = createRoute({
  getParentRoute: () => shell,
  path: '/server',
  validateSearch: parseServerSearch,
  component: lazyRouteComponent(() => import('../views/server/server.tsx'), 'Server'),
})

const guidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** Shows that the page does not exist if the object id in the address is not a GUID. */
function requireGuid({ params }: { readonly params: { readonly id: string } }): void {
  if (!guidPattern.test(params.id)) throw notFound()
}

const readFilter = ({ filter }: Record<string, unknown>): { filter?: string } =>
  typeof filter === 'string' && filter !== '' ? { filter } : {}

/** The part of a view that is shown; undefined for unknown values. */
const readPart =
  <Name extends string>(...names: readonly Name[]) =>
  ({ part }: Record<string, unknown>): { part?: Name } => {
    const found = names.find((name) => name === part)
    return found === undefined ? {} : { part: found }
  }

const people = createRoute({
  getParentRoute: () => shell,
  path: '/people',
  validateSearch: (search: Record<string, unknown>): { filter?: string; create?: 'true' } => ({
    ...readFilter(search),
    ...(search['create'] === 'true' && { create: 'true' }),
  }),
  component: lazyRouteComponent(() => import('../views/people/people.tsx'), 'People'),
})

const person = createRoute({
  getParentRoute: () => shell,
  path: '/people/$id',
  beforeLoad: requireGuid,
  notFoundComponent: Missing,
  validateSearch: readPart('methods', 'signIns', 'groups'),
  component: lazyRouteComponent(() => import('../views/people/person.tsx'), 'Person'),
})

const groups = createRoute({
  getParentRoute: () => shell,
  path: '/groups',
  validateSearch: readFilter,
  component: lazyRouteComponent(() => import('../views/groups/groups.tsx'), 'Groups'),
})

const group = createRoute({
  getParentRoute: () => shell,
  path: '/groups/$id',
  beforeLoad: requireGuid,
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('../views/groups/group.tsx'), 'Group'),
})

const applications = createRoute({
  getParentRoute: () => shell,
  path: '/applications',
  validateSearch: readFilter,
  component: lazyRouteComponent(() => import('../views/applications/applications.tsx'), 'Applications'),
})

const application = createRoute({
  getParentRoute: () => shell,
  path: '/applications/$id',
  beforeLoad: requireGuid,
  notFoundComponent: Missing,
  validateSearch: readPart('credentials', 'federation'),
  component: lazyRouteComponent(() => import('../views/applications/application.tsx'), 'Application'),
})

const federation = createRoute({
  getParentRoute: () => shell,
  path: '/applications/$id/federation',
  beforeLoad: requireGuid,
  notFoundComponent: Missing,
  validateSearch: ({ system }: Record<string, unknown>): { system?: JobSystem } => {
    const found = systems.find((one) => one === system)
    return found === undefined ? {} : { system: found }
  },
  component: lazyRouteComponent(() => import('../views/applications/federation-wizard.tsx'), 'FederationWizard'),
})

const managedIdentities = createRoute({
  getParentRoute: () => shell,
  path: '/managed-identities',
  validateSearch: readPart('machines'),
  component: lazyRouteComponent(
    () => import('../views/managed-identities/managed-identities.tsx'),
    'ManagedIdentities',
  ),
})

const providers = createRoute({
  getParentRoute: () => shell,
  path: '/providers',
  component: lazyRouteComponent(() => import('../views/providers/providers.tsx'), 'Providers'),
})

/** Why a sign-in failed, and its correlation id. */
const readFailure = ({ reason, id }: Record<string, unknown>): { reason?: string; id?: string } => ({
  ...(typeof reason === 'string' && { reason }),
  ...(typeof id === 'string' && correlationIdPattern.test(id) && { id }),
})

const signInFailed = createRoute({
  getParentRoute: () => root,
  path: '/sign-in-failed',
  validateSearch: readFailure,
  component: lazyRouteComponent(() => import('../views/sign-in/sign-in-failed.tsx'), 'SignInFailed'),
})

const confirmed = createRoute({
  getParentRoute: () => root,
  path: '/confirmed',
  validateSearch: (search: Record<string, unknown>): { reason?: string; id?: string; userName?: string } => ({
    ...readFailure(search),
    ...(typeof search['userName'] === 'string' && { userName: search['userName'] }),
  }),
  component: lazyRouteComponent(() => import('../views/sign-in/confirmed.tsx'), 'Confirmed'),
})

/** All routes. */
export const routeTree = root.addChildren([
  shell.addChildren([
    home,
    search,
    registry,
    repositories,
    repository,
    manifest,
    deleted,
    deletedRepository,
    imports,
    uploads,
    access,
    addAssignment,
    accessKeys,
    tokens,
    createToken,
    audit,
    integrity,
    registryAudit,
    denial,
    registryDenial,
    policies,
    server,
    people,
    person,
    groups,
    group,
    applications,
    application,
    federation,
    managedIdentities,
    providers,
  ]),
  signInFailed,
  confirmed,
])
