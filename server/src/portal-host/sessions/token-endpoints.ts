import type { FastifyInstance } from 'fastify'
import type { Origin } from '../../platform/http/app.ts'
import { withoutCaller } from '../../platform/process/authorized-work.ts'

/** The header of every response with the id of its request. */
export const correlationHeader = 'x-ms-correlation-request-id'

/** A request to a token endpoint of this server. */
export type TokenRequest = {
  readonly path: string
  readonly host: string
  readonly form: Readonly<Record<string, string>>
  /** The sender of the request that needs the token. */
  readonly origin: Origin
}

/** The answer: a JSON object. A denial is recorded under the correlation id. */
export type TokenAnswer = {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly correlationId?: string
}

/** Sends a form to a token endpoint of this server, without a connection. */
export type RequestToken = (request: TokenRequest) => Promise<TokenAnswer>

/**
 * Creates the client of the token endpoints. It sends the same requests as any client, so every check, limit and audit event
 * of the endpoints applies.
 */
export function createTokenClient(app: FastifyInstance): RequestToken {
  return async ({ path, host, form, origin }) => {
    const sent = {
      method: 'POST',
      url: path,
      headers: {
        host,
        'content-type': 'application/x-www-form-urlencoded',
        ...(origin.userAgent !== undefined && { 'user-agent': origin.userAgent }),
      },
      remoteAddress: origin.remoteAddress,
      payload: new URLSearchParams(form).toString(),
    } as const
    // The form authenticates its own caller.
    const answer = await withoutCaller(async () => app.inject(sent))
    const correlationId = answer.headers[correlationHeader]
    const id = typeof correlationId === 'string' ? { correlationId } : {}
    return { status: answer.statusCode, body: parseObject(answer.body), ...id }
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
