import type { FetchBody } from 'openid-client'
import { request } from './http.ts'
import type { RunningServer } from './server.ts'

/** The arguments that OpenID libraries pass to a custom `fetch`. */
export interface FetchOptions {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: FetchBody
}

/** A `fetch` for libraries, that trusts the server's authority and no other. It follows no redirect. */
export function fetchOf(server: RunningServer): (url: string, options: FetchOptions) => Promise<Response> {
  return async (url, { method, headers: sent, body: content }) => {
    const bytes = content instanceof Uint8Array ? new Uint8Array(content) : (content ?? null)
    const asked = new Request(url, { method, headers: sent, body: bytes })
    const body = Buffer.from(await asked.arrayBuffer())
    const answer = await request({
      method: asked.method,
      url: asked.url,
      caFile: server.caFile,
      headers: Object.fromEntries(asked.headers),
      ...(body.length > 0 && { body }),
    })
    const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one]),
    )
    return new Response(answer.body.length > 0 ? new Uint8Array(answer.body) : null, { status: answer.status, headers })
  }
}
