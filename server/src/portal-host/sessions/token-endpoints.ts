import type { FastifyInstance } from 'fastify'
import type { Origin } from '../../platform/http/app.ts'
import { withoutCaller } from '../../platform/process/authorized-work.ts'

/** The response header that contains the correlation id of the request. */
export const correlationHeader = 'x-ms-correlation-request-id'

/** A request to a token endpoint of this server. */
export type TokenRequest = {
  readonly path: string
  readonly host: string
  readonly form: Readonly<Record<string, string>>
  /** The sender of the request for which the token is needed. */
  readonly origin: Origin
}

/** The response, a JSON object. A denial is recorded under the correlation id. */
export type TokenAnswer = {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly correlationId?: string
}

/** Sends a form to a token endpoint of this server without a network connection. */
export type RequestToken = (request: TokenRequest) => Promise<TokenAnswer>

/**
 * Creates the client of the token endpoints. It sends the same requests as any other client, so all checks, limits and audit events of the
 * endpoints apply.
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
    // The form contains the credential of its caller.
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
