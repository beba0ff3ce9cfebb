import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { failure } from '../../framework/command/failure.ts'

/** How the sign-in in the browser ended. */
type SignInAnswer =
  | { readonly code: string; readonly error?: undefined }
  | { readonly code: undefined; readonly error: string | undefined }

/** Waits for the browser to return from the sign-in. [RFC 8252 §7.3] */
type RedirectListener = {
  readonly redirectUri: string
  /**
   * The answer to the request with this `state`. Requests with another `state` are ignored. @throws CommandFailure
   * after 15 minutes
   */
  readonly answer: (state: string) => Promise<SignInAnswer>
  readonly close: () => void
}

const timeoutMs = 15 * 60_000

const page = (text: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>acrux</title><body style="font-family:sans-serif"><p>${text}</p></body></html>`

/** Starts the listener on a free port of the loopback interface. */
export async function startRedirectListener(): Promise<RedirectListener> {
  const answers = new Map<string, SignInAnswer>()
  const waiting = new Map<string, (answer: SignInAnswer) => void>()
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const state = searchParams.get('state')
    if (request.method !== 'GET' || pathname !== '/' || state === null) {
      response.writeHead(404).end()
      return
    }
    const code = searchParams.get('code')
    const error = searchParams.get('error_description') ?? searchParams.get('error') ?? undefined
    const answer: SignInAnswer = code === null ? { code: undefined, error } : { code }
    const text =
      code === null ? 'The sign-in was denied. You can close this page.' : 'You are signed in. You can close this page.'
    response
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', connection: 'close' })
      .end(page(text), () => {
        waiting.get(state)?.(answer)
        answers.set(state, answer)
      })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    redirectUri: `http://localhost:${port}`,
    answer: (state) =>
      new Promise((resolve, reject) => {
        const known = answers.get(state)
        if (known !== undefined) {
          resolve(known)
          return
        }
        const timer = setTimeout(
          () => reject(failure('you did not sign in within 15 minutes', 'run acrux login again')),
          timeoutMs,
        )
        waiting.set(state, (answer) => {
          clearTimeout(timer)
          resolve(answer)
        })
      }),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
