import { parseLoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { withRequestedHost } from '../../platform/http/requested-origin.ts'
import { SeedError } from '../seed/seed-error.ts'
import type { Context } from './context.ts'
import { ControlError, invalidRequest } from './errors.ts'
import { type Route, ok } from './route.ts'

/** The route that applies a seed. */
export const seedRoutes: readonly Route<Context>[] = [
  {
    id: 'applySeed',
    method: 'POST',
    path: '/_acrux/seed',
    body: 'text',
    handle: async ({ seeds, requestedHost }, { text, query }) => {
      const host = publicHostIn(query) ?? requestedHost()
      const apply = () => seeds.apply(text)
      try {
        return ok({ outputs: await (host === undefined ? apply() : withRequestedHost(host, apply)) })
      } catch (error) {
        if (!(error instanceof SeedError)) throw error
        throw new ControlError(400, 'InvalidSeed', error.message, { cause: error })
      }
    },
  },
]

/** The host at which the caller reaches the registry, which a server in a container cannot know. */
function publicHostIn(query: URLSearchParams): string | undefined {
  const text = query.get('publicHost')
  if (text === null) return undefined
  const host = parseLoginServer(text)
  if (host !== undefined) return host
  throw invalidRequest('publicHost must be a host and a port, such as localhost:32768.')
}
