import type { ManagementOptions } from './call.ts'
import type { Management } from './index.ts'
import { managementRoutes, mountManagement } from './routes.ts'

/** Opens the management room. */
export function createManagement(options: ManagementOptions): Management {
  return { mount: (app) => mountManagement(app, options), routes: managementRoutes }
}
