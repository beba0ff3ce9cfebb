import {
  Outlet,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
} from '@tanstack/react-router'
import { type AddressNames, isAddress } from './shell/address.ts'
import { AppShell } from './shell/app-shell.tsx'
import { ErrorView } from './shell/error-view.tsx'
import { Page } from './shell/page.tsx'
import { texts } from './texts.ts'

/** In place of a view whose address names nothing. */
function Missing() {
  return (
    <Page title={texts.errors.missing}>
      <p>{texts.errors.missingNext}</p>
      <a href="/portal/">{texts.home}</a>
    </Page>
  )
}

function MissingPage() {
  return (
    <main className="starting">
      <Missing />
    </main>
  )
}

/** An address with names that nothing can have is not one of the portal. */
function requireAddress(names: AddressNames): void {
  if (!isAddress(names)) throw notFound()
}

/* One row for each view. Its component is loaded when the view is first opened. */

const root = createRootRoute({ component: Outlet })

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: AppShell })

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('./views/home/home.tsx'), 'Home'),
})

const registry = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('./views/registry/registry.tsx'), 'RegistryOverview'),
})

const repositories = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/repositories',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  validateSearch: ({ filter }: Record<string, unknown>): { filter?: string } =>
    typeof filter === 'string' && filter !== '' ? { filter } : {},
  component: lazyRouteComponent(() => import('./views/repositories/repositories.tsx'), 'Repositories'),
})

const repository = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/repositories/$repository',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('./views/repository/repository.tsx'), 'Repository'),
})

const manifest = createRoute({
  getParentRoute: () => shell,
  path: '/registries/$registry/repositories/$repository/manifests/$reference',
  beforeLoad: ({ params }) => requireAddress(params),
  notFoundComponent: Missing,
  component: lazyRouteComponent(() => import('./views/manifest/manifest.tsx'), 'Manifest'),
})

const signInFailed = createRoute({
  getParentRoute: () => root,
  path: '/sign-in-failed',
  validateSearch: ({ reason, id }: Record<string, unknown>): { reason?: string; id?: string } => ({
    ...(typeof reason === 'string' && { reason }),
    ...(typeof id === 'string' && { id }),
  }),
  component: lazyRouteComponent(() => import('./views/sign-in-failed/sign-in-failed.tsx'), 'SignInFailed'),
})

const routeTree = root.addChildren([
  shell.addChildren([home, registry, repositories, repository, manifest]),
  signInFailed,
])

export const router = createRouter({
  routeTree,
  basepath: '/portal',
  defaultErrorComponent: ({ error }) => <ErrorView error={error} />,
  notFoundMode: 'root',
  defaultNotFoundComponent: MissingPage,
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
