import { createRouter } from '@tanstack/react-router'
import { ErrorView } from '../components/elements/error-view.tsx'
import { Missing } from '../components/elements/missing.tsx'
import { parseSearch, stringifySearch } from '../components/elements/search-params.ts'
import { routeTree } from './routes.tsx'

function MissingPage() {
  return (
    <main className="starting">
      <Missing />
    </main>
  )
}

export const router = createRouter({
  routeTree,
  basepath: '/portal',
  parseSearch,
  stringifySearch,
  // A view gets only what its route accepts: otherwise the router keeps the rejected values beside it.
  search: { strict: true },
  defaultErrorComponent: ({ error, reset }) => <ErrorView error={error} onRetry={reset} />,
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
