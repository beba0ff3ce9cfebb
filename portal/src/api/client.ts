import { parseApiError } from './parse-error.ts'

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
  readonly body?: unknown
  readonly signal?: AbortSignal
}

const apiRoot = '/portal/api/'
const correlationHeader = 'x-ms-correlation-request-id'

/** Starts a sign-in that returns to the present page. */
export function goToSignIn(kind?: 'fresh' | 'switch'): void {
  const query = new URLSearchParams({ return: location.pathname + location.search, ...(kind && { kind }) })
  location.assign(`/portal/sign-in?${query.toString()}`)
}

/** Sends a request to a surface, as `arm/…`, `graph/…` or `registry/{loginServer}/…`. @throws ApiError */
export async function send(path: string, request: ApiRequest = {}): Promise<Response> {
  const { method = 'GET', accept = 'application/json', body, signal } = request
  let response: Response
  try {
    response = await fetch(apiRoot + path, {
      method,
      headers: {
        accept,
        'x-acrux-portal': '1',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      credentials: 'same-origin',
      redirect: 'error',
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, { code: 'Unreachable', message: '' })
  }
  if (response.ok) return response
  const text = await response.text()
  const failure = parseApiError(text)
  const correlationId = response.headers.get(correlationHeader) ?? undefined
  if (failure.code === 'StepUpRequired') goToSignIn('fresh')
  throw new ApiError(response.status, failure, correlationId)
}

/** Reads a JSON document. The server has checked its shape, or it is shown as text only. @throws ApiError */
export async function readJson<Body>(path: string, request: ApiRequest = {}): Promise<ApiAnswer<Body>> {
  const response = await send(path, request)
  return { body: (await response.json()) as Body, headers: response.headers }
}
