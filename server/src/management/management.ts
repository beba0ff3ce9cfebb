import type { ManagementOptions } from './call.ts'
import { managementRoutes, mountManagement } from './routes.ts'
import type { FastifyInstance } from 'fastify'
import type { RouteDescription } from '../platform/http/surface.ts'

/** The ARM surface: `/metadata/endpoints`, `/subscriptions/*`, `/providers/*`, `/tenants`. */
export interface Management {
  mount(app: FastifyInstance): void
  /** Its table, for the walk over all of them. A need names the ARM action; the scope is the one that the path names. */
  readonly routes: readonly RouteDescription[]
}

/** Opens the management room. */
export function createManagement(options: ManagementOptions): Management {
  return { mount: (app) => mountManagement(app, options), routes: managementRoutes }
}
