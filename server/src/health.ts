import type { FastifyInstance } from 'fastify'
import { type Route, type RouteDescription, mountSurface } from './platform/http/surface.ts'

/** What health checks ask. */
export type HealthOptions = {
  /** Whether the server should be sent requests now; throws or gives false when not. */
  readonly isReady: () => boolean | Promise<boolean>
}

/** Adds `/healthz` (the process runs) and `/readyz` (it can serve: its database answers and it is not shutting down). */
export function mountHealth(app: FastifyInstance, { isReady }: HealthOptions): readonly RouteDescription[] {
  const routes: readonly Route<'public', undefined>[] = [
    { id: 'health.live', method: 'GET', path: '/healthz', need: 'public', handle: () => ({ status: 'ok' }) },
    {
      id: 'health.ready',
      method: 'GET',
      path: '/readyz',
      need: 'public',
      handle: async ({ reply }) => {
        const ready = await Promise.resolve()
          .then(isReady)
          .catch(() => false)
        return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'unavailable' })
      },
    },
  ]
  mountSurface(app, {
    name: 'health',
    routes,
    territory: [],
    authorize: () => undefined,
    renderError: (_error, _request, reply) => reply.code(500).send({ status: 'unavailable' }),
    notFound: () => new Error('not found'),
  })
  return routes
}
