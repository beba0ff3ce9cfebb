import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

/** A request to the control API. */
export type Call = {
  /** The variable parts of the path, by name and decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The body as text; empty unless the route reads `text`. */
  readonly text: string
  /** For a route that reads its body as a `stream`. */
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
  /** Such as `/_acrux/faults/:id`. */
  readonly path: string
  /** How the body is read; without it, the body is ignored. */
  readonly body?: 'text' | 'stream'
  /** Whether the route needs no token, and does not wait for other calls. */
  readonly isOpen?: true
  readonly handle: (context: Context, call: Call) => Answer | Promise<Answer>
}

/** The response without a document. */
export const noContent: Answer = { status: 204 }

/** The response to a GET, or to a change that has a result. */
export function ok(json: unknown): Answer {
  return { status: 200, json }
}
