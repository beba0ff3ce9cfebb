import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

/** A request to the control API. */
export type Call = {
  /** The variable parts of the path by name, after URL decoding. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The body as text. The text is empty unless the body type of the route is `text`. */
  readonly text: string
  /** The body as a stream, for a route whose body type is `stream`. */
  readonly request: IncomingMessage
}

/** The response of a handler: a document, a stream of bytes, or nothing. */
export type Answer =
  | { readonly status: 200 | 201; readonly json: unknown }
  | { readonly status: 200; readonly contentType: string; readonly stream: Readable }
  | { readonly status: 201 | 204 | 503; readonly json?: unknown }

/** A route of the control API. Calls run one after another, because a reset replaces the server. */
export type Route<Context> = {
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The pattern of the path, such as `/_acrux/faults/:id`. */
  readonly path: string
  /** How the server reads the body. Without a value, the server ignores the body. */
  readonly body?: 'text' | 'stream'
  /** Whether requests to the route need no token, and do not wait for other calls. */
  readonly isOpen?: true
  readonly handle: (context: Context, call: Call) => Answer | Promise<Answer>
}

/** The status of the response without a document. */
export const noContent: Answer = { status: 204 }

/** The status of the response to a GET, or to a change that returns a document. */
export function ok(json: unknown): Answer {
  return { status: 200, json }
}
