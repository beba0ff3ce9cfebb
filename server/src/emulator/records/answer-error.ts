import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { discardRest, endResponse } from '../../platform/http/unread-body.ts'
import type { RequestFacts } from './request-facts.ts'

/** A request, its response, and the facts about the request. */
export type InterceptedExchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly facts: RequestFacts
}

/** An error with which the emulator answers instead of a surface. */
export type AnsweredError = {
  readonly status: number
  readonly body: unknown
  readonly headers?: OutgoingHttpHeaders
}

/** Answers a request with an error, with the usual headers of the server. */
export function answerError({ request, response }: InterceptedExchange, id: string, error: AnsweredError): void {
  const body = `${JSON.stringify(error.body)}\n`
  response.writeHead(error.status, {
    'x-ms-correlation-request-id': id,
    'x-ms-request-id': id,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    ...error.headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  endResponse(request, response, request.method === 'HEAD' ? undefined : body)
  discardRest(request)
}
