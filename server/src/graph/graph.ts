import type { Graph } from './call.ts'
import type { GraphAuthenticate, GraphSurface } from './index.ts'
import { graphRoutes, mountGraphSurface } from './routes.ts'

export type GraphOptions = Graph & {
  /** Plugged in by the composition: how a token is proved is another room's matter. */
  readonly authenticate: GraphAuthenticate
}

/** Opens the Graph surface. */
export function createGraph({ authenticate, ...graph }: GraphOptions): GraphSurface {
  return { mount: (app) => mountGraphSurface(app, { graph, authenticate }), routes: graphRoutes }
}
