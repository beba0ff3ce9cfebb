import { z } from 'zod'
import { type BecomingObstacle, DirectoryError, type DirectoryRejection } from '../../directory/index.ts'
import { apiSchemas } from '../../platform/http/api-schema.ts'
import { BusyError } from '../../platform/limits/fair-queue.ts'
import { clientStatusOf } from '../../platform/http/app.ts'
import { outageOf } from '../../platform/process/outage.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The body of every error. [Microsoft Graph, error responses] */
export const errorResponse = z
  .strictObject({
    error: z.strictObject({
      code: z.string(),
      message: z.string(),
      innerError: z.strictObject({
        date: z
          .string()
          .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
          .describe('The time in UTC, without a time zone.'),
        'request-id': z.string().describe('The correlation id of the request.'),
      }),
    }),
  })
  .register(apiSchemas, { id: 'GraphError' })

type GraphErrorRow = { readonly status: number; readonly code: string }

/** The errors of the Graph surface: the status, and the code that clients read. [Microsoft Graph, error codes] */
// prettier-ignore
export const graphErrors = {
  unauthenticated: { status: 401, code: 'InvalidAuthenticationToken' },
  denied:          { status: 403, code: 'Authorization_RequestDenied' },
  badRequest:      { status: 400, code: 'Request_BadRequest' },
  notDelegated:    { status: 400, code: 'BadRequest' },
  unsupported:     { status: 400, code: 'Request_UnsupportedQuery' },
  noApplication:   { status: 400, code: 'NoBackingApplicationObject' },
  quota:           { status: 400, code: 'Directory_QuotaExceeded' },
  notFound:        { status: 404, code: 'Request_ResourceNotFound' },
  noRoute:         { status: 404, code: 'ResourceNotFound' },
  conflict:        { status: 409, code: 'Request_MultipleObjectsWithSameKeyValue' },
  tooLarge:        { status: 413, code: 'Request_EntityTooLarge' },
  throttled:       { status: 429, code: 'TooManyRequests' },
  notJson:         { status: 415, code: 'UnsupportedMediaType' },
  diskFull:        { status: 507, code: 'InsufficientStorage' },
  databaseBusy:    { status: 503, code: 'ServiceUnavailable' },
  internal:        { status: 500, code: 'InternalServerError' },
} as const satisfies Record<string, GraphErrorRow>

export type GraphErrorKind = keyof typeof graphErrors

/** An error of the Graph surface. The message is for the client. */
export class GraphError extends Error {
  override readonly name = 'GraphError'
  readonly status: number
  readonly code: string
  /** The value of `Retry-After`. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    kind: GraphErrorKind,
    message: string,
    options: ErrorOptions & { readonly retryAfterSeconds?: number } = {},
  ) {
    super(message, options)
    this.retryAfterSeconds = options.retryAfterSeconds
    this.status = graphErrors[kind].status
    this.code = graphErrors[kind].code
  }
}

/** A permission on the directory is missing. az looks for the words "insufficient privileges". */
export function insufficientPrivileges(): GraphError {
  return new GraphError('denied', 'Insufficient privileges to complete the operation.')
}

/**
 * Users change their own password, identities and second factor on the account pages only, which require the current password
 * or a new authentication: an access token alone, which may be stolen, is not sufficient.
 */
export function ownMethodsElsewhere(publicOrigin: PublicOrigin): GraphError {
  const where = `Use the account pages: ${publicOrigin}/account/security`
  return new GraphError('denied', `Insufficient privileges to change your own sign-in methods here. ${where}`)
}

/** The caller would gain a role that the caller may not give. The message begins with the words that az looks for. */
export function mayNotBecome(targetId: string, obstacle: BecomingObstacle): GraphError {
  const reason =
    obstacle.kind === 'directory-role'
      ? `The principal '${targetId}' has the directory role '${obstacle.role}', but the caller does not have this role.`
      : `The principal '${targetId}' can assign roles at the scope '${obstacle.scope}', but the caller may not assign the role '${obstacle.roleDefinitionName}' to the principal at this scope.`
  return new GraphError('denied', `Insufficient privileges to complete the operation. ${reason}`)
}

/** The object does not exist, or is of another kind. [Microsoft Graph, error codes] */
export function resourceNotFound(idOrName: string): GraphError {
  const message = `Resource '${idOrName.slice(0, 256)}' does not exist or one of its queried reference-property objects are not present.`
  return new GraphError('notFound', message)
}

/** The request has no token, or an invalid one. */
export function unauthenticated(): GraphError {
  return new GraphError('unauthenticated', 'Access token validation failure.')
}

const kindOfRejection = {
  invalid: 'badRequest',
  'no-application': 'noApplication',
  quota: 'quota',
  forbidden: 'denied',
  'not-found': 'notFound',
  conflict: 'conflict',
} as const satisfies Record<DirectoryRejection, GraphErrorKind>

/** Converts anything that was thrown to the error of the response. */
export function toGraphError(thrown: unknown): GraphError {
  if (thrown instanceof GraphError) return thrown
  if (thrown instanceof BusyError) {
    const { retryAfterSeconds } = thrown
    return new GraphError('throttled', 'Too many requests. Try again later.', { cause: thrown, retryAfterSeconds })
  }
  if (thrown instanceof DirectoryError) {
    return new GraphError(kindOfRejection[thrown.rejection], thrown.message, { cause: thrown })
  }
  const status = clientStatusOf(thrown)
  if (status === 413) return new GraphError('tooLarge', 'The request body is too large.', { cause: thrown })
  if (status === 415) return new GraphError('notJson', 'The request body must be application/json.', { cause: thrown })
  const outage = outageOf(thrown)
  if (outage !== undefined) {
    const { retryAfterSeconds, message } = outage
    return new GraphError(outage.kind === 'disk-full' ? 'diskFull' : 'databaseBusy', message, {
      cause: thrown,
      retryAfterSeconds,
    })
  }
  if (status === undefined)
    return new GraphError('internal', 'The server could not complete the request.', { cause: thrown })
  return new GraphError('badRequest', 'The request body is not valid JSON.', { cause: thrown })
}
