import type { Graph } from './call.ts'
import { graphRoutes, mountGraphSurface } from './routes.ts'
import type { GraphAuthenticate } from './model.ts'
import type { FastifyInstance } from 'fastify'
import type { RouteDescription } from '../platform/http/surface.ts'

/** The Graph surface: `/graph/v1.0/*`. */
export interface GraphSurface {
  mount(app: FastifyInstance): void
  /** Its table, for the walk over all of them. */
  readonly routes: readonly RouteDescription[]
}

export type GraphOptions = Graph & {
  /** Plugged in by the composition: how a token is proved is another room's matter. */
  readonly authenticate: GraphAuthenticate
}

/** Opens the Graph surface. */
export function createGraph({ authenticate, ...graph }: GraphOptions): GraphSurface {
  return { mount: (app) => mountGraphSurface(app, { graph, authenticate }), routes: graphRoutes }
}
