import { createRouter } from '@tanstack/react-router'
import { routeTree } from './routes.tsx'
import { ErrorView } from './shell/error-view.tsx'
import { Missing } from './shell/missing.tsx'

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
