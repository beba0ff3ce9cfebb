import { noteAnswer, noteLoss } from './connection.ts'
import { createGatherer } from './gather.ts'
import type { GraphBatch } from './graph-types.ts'
import { errorOf, parseApiError } from './parse-error.ts'
import { type SignInReason, askToSignIn } from './sign-in-question.ts'
import type { BatchResponse } from './types.ts'

/** A request that failed. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** 0 if there was no response. */
  readonly status: number
  readonly code: string
  readonly correlationId: string | undefined

  constructor(status: number, { code, message }: { code: string; message: string }, correlationId?: string) {
    super(message)
    this.status = status
    this.code = code
    this.correlationId = correlationId
  }
}

/** A successful response with its headers. */
export type ApiAnswer<Body> = { readonly body: Body; readonly headers: Headers }

type ApiRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly accept?: string
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** A body that is no JSON document, in place of `body`. */
  readonly content?: { readonly bytes: ArrayBuffer; readonly mediaType: string }
  readonly signal?: AbortSignal
  /** Whether the request fails without a session, instead of asking the person to sign in. */
  readonly failsSignedOut?: true
}

const apiRoot = '/portal/api/'
/** The code of the error before which the person must authenticate again. */
export const stepUpCode = 'StepUpRequired'
/** The code of the error without a session. */
export const signedOutCode = 'NotSignedIn'
const correlationHeader = 'x-ms-correlation-request-id'

/** Starts a sign-in that returns to the present page. */
export function goToSignIn(kind?: 'switch'): void {
  const query = new URLSearchParams({ return: location.pathname + location.search, ...(kind && { kind }) })
  location.assign(`/portal/sign-in?${query.toString()}`)
}

/** A request can wait twice: for a new session, and then for a new authentication. */
const maxSignIns = 2

/**
 * Sends a request to a surface, as `arm/…`, `graph/…` or `registry/{loginServer}/…`. A request for which the person must sign in waits
 * until they have: nothing that was typed is lost.
 *
 * @throws ApiError
 */
export async function send(path: string, request: ApiRequest = {}): Promise<Response> {
  for (let signIns = 0; ; signIns += 1) {
    try {
      return await sendOnce(path, request)
    } catch (error) {
      const reason = reasonToSignIn(error, request)
      if (reason === undefined || signIns === maxSignIns || !(await askToSignIn(reason))) throw error
    }
  }
}

function reasonToSignIn(error: unknown, { failsSignedOut }: ApiRequest): SignInReason | undefined {
  if (!(error instanceof ApiError)) return undefined
  if (error.code === stepUpCode) return 'step-up'
  return error.code === signedOutCode && failsSignedOut !== true ? 'session-ended' : undefined
}

/** Notes that the server could not be reached. Returns the error to throw. */
export function unreachable(): ApiError {
  noteLoss(() => fetch('/healthz', { cache: 'no-store', redirect: 'manual' }))
  return new ApiError(0, { code: 'Unreachable', message: '' })
}

async function sendOnce(path: string, request: ApiRequest): Promise<Response> {
  const { method = 'GET', accept = 'application/json', headers, signal } = request
  const content = contentOf(request)
  let response: Response
  try {
    response = await fetch(apiRoot + path, {
      method,
      headers: {
        accept,
        ...headers,
        'x-acrux-portal': '1',
        ...(content && { 'content-type': content.mediaType }),
      },
      credentials: 'same-origin',
      redirect: 'error',
      ...(content && { body: content.bytes }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw unreachable()
  }
  noteAnswer()
  if (response.ok) return response
  const text = await response.text()
  const failure = parseApiError(text)
  const correlationId = response.headers.get(correlationHeader) ?? undefined
  throw new ApiError(response.status, failure, correlationId)
}

/** The body of a request, and its media type. */
function contentOf({ body, content }: ApiRequest) {
  return body === undefined ? content : { bytes: JSON.stringify(body), mediaType: 'application/json' }
}

/**
 * Reads a JSON document. The server has checked its shape, or it is shown as text only. Reads of ARM or Graph that begin at the same
 * time are sent together.
 *
 * @throws ApiError
 */
export async function readJson<Body>(path: string, request: ApiRequest = {}): Promise<ApiAnswer<Body>> {
  const { method = 'GET', accept, signal } = request
  const surface = path.slice(0, path.indexOf('/'))
  const isGathered = method === 'GET' && accept === undefined
  if (isGathered && (surface === 'arm' || surface === 'graph')) {
    const { status, headers, body } = await gathered[surface](path.slice(surface.length), signal)
    if (status < 400) return { body: body as Body, headers }
    // The answers of the batch were too large together.
    if (status === 413) return readAlone(path, request)
    throw new ApiError(status, errorOf(body), headers.get(correlationHeader) ?? undefined)
  }
  return readAlone(path, request)
}

async function readAlone<Body>(path: string, request: ApiRequest): Promise<ApiAnswer<Body>> {
  const response = await send(path, request)
  return { body: (await response.json()) as Body, headers: response.headers }
}

/** An answer within a batch. */
type GatheredAnswer = { readonly status: number; readonly headers: Headers; readonly body: unknown }

/** The reads of each surface. The paths begin with a slash. */
const gathered = {
  arm: createGatherer(async (paths) =>
    aloneOr('arm', paths, async () => {
      const requests = paths.map((relativeUrl) => ({ httpMethod: 'GET', relativeUrl }))
      const { responses } = await postBatch<BatchResponse>('arm/batch?api-version=2020-06-01', requests)
      return responses.map(({ httpStatusCode: status, headers, content: body }) => ({
        status,
        headers: new Headers(headers),
        body,
      }))
    }),
  ),
  graph: createGatherer(async (paths) =>
    aloneOr('graph', paths, async () => {
      const requests = paths.map((url, index) => ({ id: String(index), method: 'GET', url }))
      const { responses } = await postBatch<GraphBatch>('graph/$batch', requests)
      return responses.map(({ status, headers, body }) => ({ status, headers: new Headers(headers), body }))
    }),
  ),
}

async function postBatch<Body>(path: string, requests: readonly object[]): Promise<Body> {
  return (await readAlone<Body>(path, { method: 'POST', body: { requests } })).body
}

/** One read is sent as it is. */
async function aloneOr(
  surface: 'arm' | 'graph',
  [path = '', ...others]: readonly string[],
  together: () => Promise<readonly GatheredAnswer[]>,
): Promise<readonly GatheredAnswer[]> {
  if (others.length > 0) return together()
  return [{ status: 200, ...(await readAlone(surface + path, {})) }]
}
