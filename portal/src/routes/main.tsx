import { QueryClient, QueryClientProvider, onlineManager } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from '../api/client.ts'
import { onConnectionChange } from '../api/connection.ts'
import { ThemeProvider } from '../components/shell/theme.tsx'
import { router } from './router.tsx'
import { lazyViews } from './routes.tsx'

const maxRetries = 2

// Whether the browser is online says nothing about the server, which may be on this machine. Reads wait for the server.
onlineManager.setEventListener((setOnline) => onConnectionChange((isLost) => setOnline(!isLost)))

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // A denial stays one; an overloaded server may answer later.
      retry: (count, error) => count < maxRetries && error instanceof ApiError && [0, 429, 503].includes(error.status),
    },
    // A change fails at once, and is not made later.
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
