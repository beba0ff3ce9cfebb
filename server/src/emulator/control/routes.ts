import { controlHealthPath } from '@acrux/shared/wire/emulator-folder.ts'
import { caRoutes } from './ca-routes.ts'
import { clockRoutes } from './clock-routes.ts'
import type { Context } from './context.ts'
import { observerRoutes } from './observer-routes.ts'
import type { Route } from './route.ts'
import { seedRoutes } from './seed-routes.ts'
import { stateRoutes } from './state-routes.ts'
import { workloadRoutes } from './workload-routes.ts'

/** All routes of the control API. */
export const routes: readonly Route<Context>[] = [
  {
    id: 'health',
    method: 'GET',
    path: controlHealthPath,
    isOpen: true,
    handle: ({ state }) =>
      state.isReady ? { status: 200, json: { status: 'ready' } } : { status: 503, json: { status: 'starting' } },
  },
  ...caRoutes,
  ...stateRoutes,
  ...workloadRoutes,
  ...clockRoutes,
  ...seedRoutes,
  ...observerRoutes,
]
