import { z } from 'zod'
import type { RouteDescription } from './surface.ts'

type ReceivedResponse = {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly body: string
}

/** Creates a check that throws if a successful response does not match the response schema of its route. */
export function createResponseCheck(routes: readonly RouteDescription[]): (response: ReceivedResponse) => void {
  const patterns = routes.map((route) => ({ route, pattern: patternOf(route.path) }))
  return ({ method, url, status, body }) => {
    if (status < 200 || status > 299) return
    const path = normalize(url)
    const found = patterns.find(({ route, pattern }) => [route.method].flat().includes(method) && pattern.test(path))
    if (found === undefined) throw new Error(`no route matches ${method} ${path}`)
    const { id, response } = found.route
    const explain = (text: string) => new Error(`the response of ${id} does not match its schema: ${text}`)
    if (response === undefined) throw explain('the route has none')
    if (response === 'none') {
      if (body !== '') throw explain('it must have no body')
      return
    }
    const result = response.safeParse(JSON.parse(body))
    if (!result.success) throw explain(`${z.prettifyError(result.error)}\n${body}`)
  }
}

function normalize(url: string): string {
  return decodeURI(url.split('?')[0] ?? '')
}

function patternOf(path: string): RegExp {
  const segments = path.split('/').map((segment) => (segment.startsWith(':') ? '[^/]+' : RegExp.escape(segment)))
  return new RegExp(`^${segments.join('/')}$`)
}
