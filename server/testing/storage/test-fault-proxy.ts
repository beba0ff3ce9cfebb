import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The action of the proxy for a request. */
export type Fault =
  | { readonly kind: 'none' }
  /** The proxy waits before it forwards the request. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The proxy never answers. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'status'; readonly status: number }
  /** The proxy forwards the request, and closes the connection instead of answering. */
  | { readonly kind: 'lost-reply' }
  /** The proxy closes the connection after this many bytes of the response. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** The proxy sends only this many bytes of the response, with a matching length. */
  | { readonly kind: 'short'; readonly bytes: number }
  /** The proxy answers with the first response to the same request. */
  | { readonly kind: 'stale' }

/** A request in the form in which the proxy receives it. */
export type ProxiedRequest = { readonly method: string; readonly url: string }

/** A proxy for an object server. The proxy damages the requests and responses that a test selects. */
export type FaultProxy = {
  readonly endpoint: string
  /** Decides about each request. By default, the proxy forwards everything. */
  decide: (request: ProxiedRequest) => Fault
  /** The requests since the start. */
  readonly requests: ProxiedRequest[]
  readonly stop: () => Promise<void>
}

type Reply = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: Buffer }

/** Starts a proxy in front of a server at `target`. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port, pathname } = new URL(target)
  const agent = new Agent({ keepAlive: true })
  const first = new Map<string, Reply>()
  const forward = async (incoming: IncomingMessage): Promise<Reply> => {
    const { method, url: path, headers } = incoming
    const outgoing = httpRequest({ hostname, port, method, path, headers, agent })
    incoming.pipe(outgoing)
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk as Buffer)
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }
  }
  const server = createServer((incoming, response) => {
    const request = { method: incoming.method ?? '', url: incoming.url ?? '' }
    proxy.requests.push(request)
    const key = `${request.method} ${request.url}`
    answer(proxy.decide(request), {
      incoming,
      response,
      reply: async () => {
        const reply = await forward(incoming)
        if (request.method === 'GET' && !first.has(key)) first.set(key, reply)
        return reply
      },
      stale: () => first.get(key),
    }).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${own}${pathname === '/' ? '' : pathname}`,
    decide: () => ({ kind: 'none' }),
    requests: [],
    stop: async () => {
      agent.destroy()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return proxy
}

type Exchange = {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly reply: () => Promise<Reply>
  readonly stale: () => Reply | undefined
}

async function answer(fault: Fault, { incoming, response, reply, stale }: Exchange): Promise<void> {
  switch (fault.kind) {
    case 'none':
      send(response, await reply())
      return
    case 'slow':
      await sleep(fault.delayMs)
      send(response, await reply())
      return
    case 'silent':
      incoming.resume()
      return
    case 'status':
      incoming.resume()
      await once(incoming, 'end')
      response.writeHead(fault.status, { 'content-length': 0 }).end()
      return
    case 'lost-reply':
      await reply()
      response.destroy()
      return
    case 'cut': {
      const { status, headers, body } = await reply()
      response.writeHead(status, headers)
      response.write(body.subarray(0, fault.bytes), () => response.destroy())
      return
    }
    case 'short': {
      const { status, headers, body } = await reply()
      const part = body.subarray(0, fault.bytes)
      send(response, { status, headers: { ...headers, 'content-length': String(part.byteLength) }, body: part })
      return
    }
    case 'stale':
      send(response, stale() ?? (await reply()))
  }
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, headers)
  response.end(body)
}
