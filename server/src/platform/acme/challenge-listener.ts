import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Challenges } from './challenges.ts'

const path = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,512})$/

/** Answers the HTTP-01 challenges of an ACME provider over plain HTTP, and nothing else. Returns what stops it. [RFC 8555 §8.3] */
export async function listenForChallenges(
  { host, port }: { readonly host: string; readonly port: number },
  challenges: Pick<Challenges, 'responseTo'>,
): Promise<() => Promise<void>> {
  const limits = { maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 1000 }
  const server = createServer(limits, ({ method, url = '' }, response) => {
    const token = path.exec(url)?.[1]
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('connection', 'close')
    const found = token === undefined || method !== 'GET' ? Promise.resolve(undefined) : challenges.responseTo(token)
    found.then(
      (text) => {
        if (text === undefined) response.writeHead(404).end()
        else response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(text)
      },
      // The database is away. The provider or the next order tries again.
      () => response.writeHead(503).end(),
    )
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
