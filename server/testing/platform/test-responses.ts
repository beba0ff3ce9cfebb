import type { FastifyInstance } from 'fastify'
import type { RouteDescription } from '../../src/platform/http/surface.ts'

/**
 * Compares each 2xx response of an app with the response schema of its route. Returns a list of mismatches, to which later requests add
 * entries. Call this function before the app accepts requests.
 */
export function watchResponses(app: FastifyInstance, routes: readonly RouteDescription[]): string[] {
  const mismatches: string[] = []
  const byPath = new Map(
    routes.flatMap((route) => [route.method].flat().map((method) => [`${method} ${route.path}`, route] as const)),
  )
  app.addHook('onSend', (request, reply, payload, done) => {
    const route = byPath.get(`${request.method} ${request.routeOptions.url ?? ''}`)
    const isSuccess = reply.statusCode >= 200 && reply.statusCode < 300
    const mismatch = route && isSuccess ? mismatchOf(route, reply.statusCode, payload) : undefined
    if (mismatch !== undefined) mismatches.push(`${request.method} ${request.url}: ${mismatch}`)
    done(null, payload)
  })
  return mismatches
}

function mismatchOf({ id, response }: RouteDescription, status: number, payload: unknown): string | undefined {
  if (response === undefined) return undefined
  const isEmpty = payload === undefined || payload === null || payload === ''
  if (response === 'none' || status === 204) return isEmpty ? undefined : `${id} sent a body with ${status}`
  const parsed = response.safeParse(isEmpty ? undefined : JSON.parse(payload as string))
  return parsed.success ? undefined : `the response does not match the schema of ${id}: ${parsed.error.message}`
}
