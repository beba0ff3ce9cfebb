import { z } from 'zod'
import type { RouteDescription } from '../../src/platform/http/surface.ts'

type Received = { readonly method: string; readonly url: string; readonly status: number; readonly body: string }

/** @throws an error if a successful response of the token service does not match the schema of its route */
export function requireSchema(routes: readonly RouteDescription[], { method, url, status, body }: Received): void {
  if (status !== 200) return
  const route = routes.find((row) => row.method === method && row.path === url.split('?')[0])
  if (route?.response === undefined || route.response === 'none') return
  const result = route.response.safeParse(JSON.parse(body))
  if (result.success) return
  throw new Error(`the response does not match the schema of ${route.id}: ${z.prettifyError(result.error)}\n${body}`)
}
