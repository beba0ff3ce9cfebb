import type { FastifyInstance } from 'fastify'
import type { Health } from '../../platform/metrics/health.ts'
import { type Route, type RouteDescription, mountSurface } from '../../platform/http/surface.ts'

/**
 * Adds `/healthz` (the process lives) and `/readyz` (the state of each component; 503 only if a required component is
 * unavailable). Both are public.
 */
export function mountHealth(app: FastifyInstance, health: Health): readonly RouteDescription[] {
  const routes: readonly Route<'public', undefined>[] = [
    {
      id: 'health.live',
      method: 'GET',
      path: '/healthz',
      need: 'public',
      cost: 'small',
      handle: () => ({ status: 'ok' }),
    },
    {
      id: 'health.ready',
      method: 'GET',
      path: '/readyz',
      need: 'public',
      cost: 'read',
      handle: async ({ reply }) => {
        const found = await health.report()
        return reply
          .code(found.status === 'unavailable' ? 503 : 200)
          .header('cache-control', 'no-store')
          .send(found)
      },
    },
  ]
  mountSurface(app, {
    name: 'health',
    routes,
    territory: [],
    authority: 'none',
    authorize: () => Promise.resolve(undefined),
    renderError: (_error, _request, reply) => reply.code(500).send({ status: 'unavailable' }),
    notFound: () => new Error('not found'),
  })
  return routes
}
