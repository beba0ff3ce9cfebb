import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clientStatusOf } from '../platform/http/app.ts'
import { acceptForms } from '../platform/http/form-body.ts'
import { type Route, mountSurface } from '../platform/http/surface.ts'
import type { AuthorityRevisions } from '../platform/process/authorized-work.ts'
import { outageOf } from '../platform/process/outage.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { Context } from './provider/context.ts'
import { providerRoutes, providerTerritory } from './routes.ts'
import { EntraError, entraErrorBody } from './tokens/errors.ts'

/** Mounts the provider. */
export function mountProvider(
  app: FastifyInstance,
  { database, ...context }: Context & { readonly database: AuthorityRevisions },
): void {
  mountSurface(
    app,
    {
      name: 'identity',
      routes: providerRoutes.map((row): Route<'public', undefined> => ({
        ...row,
        handle: (call) => row.handle(context, call),
      })),
      territory: providerTerritory,
      authority: database,
      authorize: (_need: 'public') => Promise.resolve(undefined),
      renderError: (error, request, reply) => renderEntraError(context, error, request, reply),
      notFound: () => new EntraError('notFound'),
    },
    acceptForms,
  )
}

function renderEntraError(
  { clock, log }: Context,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): unknown {
  const error = toEntraError(thrown)
  if (error.status >= 500) log.error({ id: request.id, err: thrown }, 'the identity provider failed')
  const outage = outageOf(thrown)
  if (outage !== undefined) reply.header('retry-after', String(outage.retryAfterSeconds))
  reply.header('cache-control', 'no-store')
  const clientRequestId = request.headers['client-request-id']
  const correlationId = (typeof clientRequestId === 'string' && parseGuid(clientRequestId)) || request.id
  return reply.code(error.status).send(entraErrorBody(error, request.id, correlationId, clock.now()))
}

function toEntraError(thrown: unknown): EntraError {
  if (thrown instanceof EntraError) return thrown
  const outage = outageOf(thrown)
  if (outage !== undefined) {
    const kind = outage.kind === 'disk-full' ? 'diskFull' : 'databaseBusy'
    return new EntraError(kind, [outage.message], { cause: thrown })
  }
  return new EntraError(clientStatusOf(thrown) === undefined ? 'internal' : 'malformed', [], { cause: thrown })
}
