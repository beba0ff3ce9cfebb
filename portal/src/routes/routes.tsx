import { Outlet, createRootRoute, createRoute, notFound } from '@tanstack/react-router'
import { type AddressNames, isAddress } from '../components/elements/address.ts'
import { Missing } from '../components/elements/missing.tsx'
import { anyText, oneOf, searchOf, textThat } from '../components/elements/search-params.ts'
import { OldAddress } from '../components/registries/old-address.tsx'
import { parseAccessSearch, parsePrincipal } from '../views/access-control/access-search.ts'
import { systems } from '../views/applications/job-systems.ts'
import { parseEventSearch } from '../views/audit/event-search.ts'
import { parseImportSearch } from '../views/import/import-form.ts'
import { parseManifestSearch } from '../views/manifest/search.ts'
import { parseRangeSearch } from '../views/registry/ranges.ts'
import { parseRepositoriesSearch } from '../views/repositories/repositories-search.ts'
import { parseRepositorySearch } from '../views/repository/repository-search.ts'
import { parseServerSearch } from '../views/server/server-search.ts'
import { parseTokenSearch } from '../views/tokens/token-search.ts'
import { type LazyView, type Load, lazyView } from './lazy-view.tsx'
import { ShellView } from './shell-view.tsx'

const root = createRootRoute({ component: Outlet })

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: ShellView })

/** Ends in "no such page" if a name in the address is invalid. */
function requireAddress(names: AddressNames): void {
  if (!isAddress(names)) throw notFound()
}

/** All views, whose files are loaded while the browser is idle. */
export const lazyViews: LazyView[] = []

/**
 * A view: its path, the file and the component that are loaded when the view is first opened, and how the search of its address is
 * read. If a name in the address is invalid, the page says that there is no such page.
 */
function view<const Path extends string, Name extends string, Search = {}>(
  path: Path,
  load: Load<Name>,
  name: Name,
  validateSearch: (found: Readonly<Record<string, unknown>>) => Search = () => ({}) as Search,
) {
  const component = lazyView(load, name)
  lazyViews.push(component)
  return createRoute({
    getParentRoute: () => shell,
    path,
    component,
    beforeLoad: ({ params }) => requireAddress(params),
    notFoundComponent: Missing,
    validateSearch,
  })
}

const parseFilter = searchOf({ filter: anyText })
const parseAddress = searchOf({ address: textThat((text) => /^[0-9a-f.:]+(?:\/[0-9]{1,3})?$/i.test(text)) })

/** Why a sign-in failed, its correlation id, and of a sign-in for a request, who signed in. */
const parseSignInResult = searchOf({ reason: anyText, id: textThat((id) => isAddress({ id })), userName: anyText })

// prettier-ignore
const views = [
  view('/', () => import('../views/home/home.tsx'), 'Home'),
  view('/search', () => import('../views/search/search.tsx'), 'Search', searchOf({ q: anyText })),
  view('/r/$registry', () => import('../views/registry/registry.tsx'), 'RegistryOverview', parseRangeSearch),
  view('/r/$registry/repositories', () => import('../views/repositories/repositories.tsx'), 'Repositories', parseRepositoriesSearch),
  view('/r/$registry/repositories/$repository', () => import('../views/repository/repository.tsx'), 'Repository', parseRepositorySearch),
  view('/r/$registry/repositories/$repository/manifests/$reference', () => import('../views/manifest/manifest.tsx'), 'Manifest', parseManifestSearch),
  view('/r/$registry/deleted', () => import('../views/deleted/deleted-repositories.tsx'), 'DeletedRepositories'),
  view('/r/$registry/deleted/$repository', () => import('../views/deleted/deleted-manifests.tsx'), 'DeletedManifests'),
  view('/r/$registry/import', () => import('../views/import/import.tsx'), 'Import', parseImportSearch),
  view('/r/$registry/uploads', () => import('../views/uploads/uploads.tsx'), 'Uploads'),
  view('/r/$registry/access', () => import('../views/access-control/access-control.tsx'), 'AccessControl', parseAccessSearch),
  view('/r/$registry/access/add', () => import('../views/access-control/add-assignment.tsx'), 'AddAssignment', parsePrincipal),
  view('/r/$registry/keys', () => import('../views/access-keys/access-keys.tsx'), 'AccessKeys'),
  view('/r/$registry/tokens', () => import('../views/tokens/tokens.tsx'), 'Tokens', parseTokenSearch),
  view('/r/$registry/tokens/new', () => import('../views/tokens/create-token.tsx'), 'CreateToken'),
  view('/audit', () => import('../views/audit/audit.tsx'), 'Audit', parseEventSearch),
  view('/audit/integrity', () => import('../views/audit/integrity.tsx'), 'Integrity'),
  view('/r/$registry/audit', () => import('../views/audit/audit.tsx'), 'RegistryAudit', parseEventSearch),
  view('/my-denials', () => import('../views/audit/my-denials.tsx'), 'MyDenials'),
  view('/my-access', () => import('../views/access-control/my-access.tsx'), 'MyAccess'),
  view('/denials/$id', () => import('../views/denial/denial.tsx'), 'Denial'),
  view('/r/$registry/denials/$id', () => import('../views/denial/denial.tsx'), 'RegistryDenial'),
  view('/r/$registry/policies', () => import('../views/policies/policies.tsx'), 'PoliciesView', parseAddress),
  view('/server', () => import('../views/server/server.tsx'), 'Server', parseServerSearch),
  view('/people', () => import('../views/people/people.tsx'), 'People', searchOf({ filter: anyText, create: oneOf('true') })),
  view('/people/$id', () => import('../views/people/person.tsx'), 'Person', searchOf({ part: oneOf('methods', 'signIns', 'groups') })),
  view('/groups', () => import('../views/groups/groups.tsx'), 'Groups', parseFilter),
  view('/groups/$id', () => import('../views/groups/group.tsx'), 'Group'),
  view('/applications', () => import('../views/applications/applications.tsx'), 'Applications', parseFilter),
  view('/applications/$id', () => import('../views/applications/application.tsx'), 'Application', searchOf({ part: oneOf('credentials', 'federation') })),
  view('/applications/$id/federation', () => import('../views/applications/federation-wizard.tsx'), 'FederationWizard', searchOf({ system: oneOf(...systems) })),
  view('/managed-identities', () => import('../views/managed-identities/managed-identities.tsx'), 'ManagedIdentities', searchOf({ part: oneOf('machines') })),
  view('/providers', () => import('../views/providers/providers.tsx'), 'Providers'),
] as const

/** The addresses with a login server, as in old messages and documents. */
const oldAddress = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$loginServer/$',
  component: OldAddress,
  // The view at the new address reads them.
  validateSearch: (found: Readonly<Record<string, unknown>>): {} => found,
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
})

/** The pages that need no session. */
const withoutShell = [
  createRoute({
    getParentRoute: () => root,
    path: '/sign-in-failed',
    validateSearch: parseSignInResult,
    component: lazyView(() => import('../views/sign-in/sign-in-failed.tsx'), 'SignInFailed'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/confirmed',
    validateSearch: parseSignInResult,
    component: lazyView(() => import('../views/sign-in/confirmed.tsx'), 'Confirmed'),
  }),
] as const

/** All routes. */
export const routeTree = root.addChildren([shell.addChildren([...views, oldAddress]), ...withoutShell])
