import { once } from 'node:events'
import { type ServerResponse, createServer } from 'node:http'
import type { Challenges } from './challenges.ts'

const path = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,512})$/

/**
 * Answers the HTTP-01 challenges of an ACME provider over plain HTTP, and no other requests. Returns a function that
 * stops the listener. [RFC 8555 §8.3]
 */
export async function listenForChallenges(
  { host, port }: { readonly host: string; readonly port: number },
  challenges: Pick<Challenges, 'responseTo'>,
): Promise<() => Promise<void>> {
  const limits = { maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 1000 }
  const server = createServer(limits, ({ method, url = '' }, response) => {
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('connection', 'close')
    const token = method === 'GET' ? path.exec(url)?.[1] : undefined
    void answer(response, async () => (token === undefined ? undefined : challenges.responseTo(token)))
  })
  server.maxConnections = 256
  server.listen(port, host)
  await once(server, 'listening')
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
}

async function answer(response: ServerResponse, find: () => Promise<string | undefined>): Promise<void> {
  try {
    const text = await find()
    if (text === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(text)
  } catch {
    // The database is unavailable. The provider repeats the check, or a later order publishes a new challenge.
    response.writeHead(503).end()
  }
}
