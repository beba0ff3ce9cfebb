import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from '../api/client.ts'
import { ThemeProvider } from '../components/shell/theme.tsx'
import { router } from './router.tsx'
import { lazyViews } from './routes.tsx'

const maxRetries = 2

const queries = new QueryClient({
  defaultOptions: {
    // Whether the browser is online says nothing about the server, which may be on this machine.
    queries: {
      networkMode: 'always',
      staleTime: 15_000,
      // A denial stays one; an overloaded server may answer later.
      retry: (count, error) => count < maxRetries && error instanceof ApiError && [0, 429, 503].includes(error.status),
    },
    mutations: { networkMode: 'always' },
  },
})

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <ThemeProvider>
        <RouterProvider router={router} />
      </ThemeProvider>
    </QueryClientProvider>
  </StrictMode>,
)

/** Loads the files of all views, one after the other, so that each view opens while the server cannot be reached. */
async function loadViews(): Promise<void> {
  for (const { preload } of lazyViews) {
    await new Promise<void>((resolve) => requestIdleCallback(() => resolve()))
    await preload()
  }
}

router.subscribe('onRendered', () => void loadViews())
