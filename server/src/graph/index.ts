import type { FastifyInstance } from 'fastify'
import type { SigningPrincipal } from '../directory/index.ts'
import type { RouteDescription } from '../platform/http/surface.ts'

/** The Graph surface: `/graph/v1.0/*`. */
export interface GraphSurface {
  mount(app: FastifyInstance): void
  /** Its table, for the walk over all of them. */
  readonly routes: readonly RouteDescription[]
}

/** Proves the sender of a request by its `Authorization` header; undefined for nobody. */
export type GraphAuthenticate = (authorization: string | undefined) => Promise<GraphSender | undefined>

/** Who sent a request, and by which credential their token was got. */
export type GraphSender = { readonly principal: SigningPrincipal; readonly credentialId?: string | undefined }

export { createGraph } from './graph.ts'
