import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { AcruxRequestError } from '../api/errors.ts'

/** A request. A body that is not a text is sent as JSON. */
export type WireRequest = {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The authority that issued the certificate of the server, in PEM. */
  readonly ca?: string
}

/** A response with a success status. */
export type WireResponse = { readonly status: number; readonly text: string; readonly json: unknown }

/**
 * Sends a request on a separate connection, because a reset of the emulator closes connections. The function does not use `fetch`, because
 * tests replace it.
 *
 * @throws AcruxRequestError unless the response has a success status
 */
export async function send({ method, url, headers = {}, body, ca }: WireRequest): Promise<WireResponse> {
  const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const isJson = content !== undefined && typeof body !== 'string'
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>()
  const options = {
    method,
    headers: { ...(isJson && { 'content-type': 'application/json' }), ...headers },
    agent: false,
  }
  const isHttps = url.startsWith('https:')
  const outgoing = isHttps
    ? requestHttps(url, { ...options, ...(ca !== undefined && { ca }) })
    : requestHttp(url, options)
  outgoing.once('error', reject)
  outgoing.once('response', (incoming) => {
    let text = ''
    incoming.setEncoding('utf8')
    incoming.on('data', (chunk: string) => (text += chunk))
    incoming.once('error', reject)
    incoming.once('end', () => resolve({ status: incoming.statusCode ?? 0, text }))
  })
  outgoing.end(content)
  const { status, text } = await promise
  const json = parseJson(text)
  if (status >= 200 && status < 300) return { status, text, json }
  throw new AcruxRequestError(`${method} ${url.split('?')[0]}`, status, errorOf(json, text))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The error in a response. ARM, Graph and the control API return an object, the identity provider returns two texts, and the registry
 * returns a list.
 */
function errorOf(json: unknown, text: string): { readonly code: string; readonly message: string } {
  const { error, error_description: description, errors } = (json ?? {}) as Readonly<Record<string, unknown>>
  if (typeof error === 'string') return { code: error, message: typeof description === 'string' ? description : '' }
  const first: unknown = Array.isArray(errors) ? errors[0] : error
  const { code = 'unknown', message = text } = (first ?? {}) as Readonly<Record<string, unknown>>
  return { code: String(code), message: String(message) }
}
