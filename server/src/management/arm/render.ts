import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clientStatusOf } from '../../platform/http/app.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { outageOf } from '../../platform/process/outage.ts'
import type { ArmContext } from './context.ts'
import { ArmError, type errorResponse, unsupportedMediaType } from './errors.ts'

/** Sets the headers of every answer, and passes bodies on as bytes. */
export function prepare({ clock }: Pick<ArmContext, 'clock'>, scope: FastifyInstance): void {
  scope.addHook('onRequest', (request, reply, done) => {
    const at = new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')
    reply.headers({
      'cache-control': 'no-cache',
      pragma: 'no-cache',
      expires: '-1',
      'x-ms-routing-request-id': `LOCAL:${at}:${request.id}`,
    })
    done()
  })
  // Every body arrives as bytes, whatever its media type, so that a media type cannot choose a parser and so avoid checks.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** Renders an error in ARM's form. An unexpected error is logged, and answered with 500. */
export function renderError(
  { log }: Pick<ArmContext, 'log'>,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): unknown {
  const error = toArmError(thrown)
  if (error.status >= 500) log.error({ id: request.id, err: thrown }, 'the management surface failed')
  if (error.challenge !== undefined) reply.header('www-authenticate', error.challenge)
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds))
  if (error.status === 404) reply.removeHeader('api-supported-versions')
  return reply.code(error.status).send(errorDocument(error))
}

function errorDocument({ code, message }: ArmError): DocumentOf<typeof errorResponse> {
  return { error: { code, message } }
}

function toArmError(thrown: unknown): ArmError {
  if (thrown instanceof ArmError) return thrown
  const status = clientStatusOf(thrown)
  if (status === 413) return new ArmError('tooLarge', 'The request content is too large.', { cause: thrown })
  if (status === 415) return new ArmError('notJson', unsupportedMediaType, { cause: thrown })
  const outage = outageOf(thrown)
  if (outage !== undefined) {
    const { retryAfterSeconds, message } = outage
    return new ArmError(outage.kind === 'disk-full' ? 'diskFull' : 'databaseBusy', message, {
      cause: thrown,
      retryAfterSeconds,
    })
  }
  if (status === undefined)
    return new ArmError('internal', 'The server could not complete the request.', { cause: thrown })
  return new ArmError('badRequest', 'The request could not be read.', { cause: thrown })
}
