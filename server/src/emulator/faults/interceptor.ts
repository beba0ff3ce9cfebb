import type { IncomingMessage, OutgoingHttpHeader, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Interceptor } from '../../platform/http/interceptor.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import type { InterceptedExchange } from '../records/answer-error.ts'
import { bytesAhead, readAhead } from '../records/read-ahead.ts'
import type { LatestEntries, RecordedRequest } from '../records/recorded-requests.ts'
import { readRequestFacts } from '../records/request-facts.ts'
import { answerFault } from './fault-answer.ts'
import type { FaultSet, TakenFault } from './fault-set.ts'
import { hasBody, limitRequest } from './faulty-request.ts'
import { corruptResponse, limitResponse } from './faulty-response.ts'

/** The faults that the interceptor applies, and the list in which it records requests. */
export type InterceptorOptions = {
  readonly faults: FaultSet
  readonly requests: LatestEntries<RecordedRequest>
  readonly clock: Clock
}

/** Creates the interceptor of all public requests. It records the requests and applies the faults. */
export function createInterceptor(options: InterceptorOptions): Interceptor {
  return (next) => {
    const interceptForm = async (request: IncomingMessage, response: ServerResponse, bytes: number) => {
      intercept(options, next, { request, response, form: await readAhead(request, bytes) })
    }
    return (request, response) => {
      const formBytes = bytesAhead(request, 'form')
      // The code applies the fault synchronously if possible, so that no byte of the body arrives before the fault.
      if (formBytes === undefined) intercept(options, next, { request, response, form: undefined })
      else interceptForm(request, response, formBytes).catch(() => response.destroy())
    }
  }
}

type Intercepted = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly form: string | undefined
}

function intercept(options: InterceptorOptions, next: RequestListener, { request, response, form }: Intercepted): void {
  const { method = '', url = '', headers } = request
  const facts = readRequestFacts({ method, url, authorization: headers.authorization, form })
  const fault = options.faults.isIdle ? undefined : options.faults.take(facts)
  recordEnd(options, { request, response, facts }, fault)
  if (fault === undefined) next(request, response)
  else applyFault(options, { request, response, facts }, { fault, next: () => next(request, response) })
}

function applyFault(
  { clock }: InterceptorOptions,
  exchange: InterceptedExchange,
  { fault: { effect }, next }: { readonly fault: TakenFault; readonly next: () => void },
): void {
  const { request, response, facts } = exchange
  if ('status' in effect || 'challenge' in effect) answerFault(exchange, effect, clock.now())
  else if ('reset' in effect) resetConnection(request.socket)
  else if ('delayMs' in effect) {
    setTimeout(() => {
      if (!response.destroyed) next()
    }, effect.delayMs).unref()
  } else {
    if ('corrupt' in effect) corruptResponse(response)
    else if (facts.surface === 'registry' && hasBody(request)) limitRequest(request, effect)
    else limitResponse(response, effect)
    next()
  }
}

/** Resets a connection, so that its client does not see a regular end of the connection. */
function resetConnection(socket: Socket): void {
  // A TLS socket has no handle that can be reset, and Node has no public name for the underlying connection.
  const { _parent: below } = socket as Socket & { readonly _parent?: Socket | null }
  ;(below ?? socket).resetAndDestroy()
}

/** Records a request when its response begins, before a client can read a byte of the response, or when the connection is closed. */
function recordEnd(
  { requests, clock }: InterceptorOptions,
  { response, facts: { method, path, principal } }: InterceptedExchange,
  fault: TakenFault | undefined,
): void {
  let isRecorded = false
  const record = (status: number | null, id: string = newTimeOrderedId(clock.now())) => {
    if (isRecorded) return
    isRecorded = true
    requests.add({ id, method, path, status, principal: principal.name, fault: fault?.id ?? null })
  }
  const writeHead = response.writeHead.bind(response) as (...args: readonly unknown[]) => ServerResponse
  response.writeHead = (...args: readonly unknown[]) => {
    const written = writeHead(...args)
    record(response.statusCode, correlationIdIn(args, response))
    return written
  }
  response.once('close', () => record(null))
}

const idHeader = 'x-ms-correlation-request-id'

/** The correlation id in the arguments of `writeHead`: names and values alternate in a list of headers. */
function correlationIdIn(args: readonly unknown[], response: ServerResponse): string | undefined {
  const headers: unknown = args.findLast((argument) => typeof argument === 'object')
  let id: OutgoingHttpHeader | undefined = response.getHeader(idHeader)
  if (Array.isArray(headers)) {
    const at = headers.indexOf(idHeader)
    if (at !== -1) id = headers[at + 1] as OutgoingHttpHeader
  } else if (typeof headers === 'object' && headers !== null && idHeader in headers) {
    id = (headers as Record<string, OutgoingHttpHeader>)[idHeader]
  }
  return typeof id === 'string' ? id : undefined
}
