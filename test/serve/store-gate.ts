import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

/** A request of a client or the server to the object store. */
export interface StoreRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** A proxy to an object server that can be closed, and that records the requests. */
export interface StoreGate extends AsyncDisposable {
  readonly endpoint: string
  readonly requests: StoreRequest[]
  /** While it is closed, connections are cut. */
  isOpen: boolean
}

/** Whether the URL has a signature, so that it needs no other credentials. */
export function isSigned(url: string): boolean {
  return /[?&](sig|X-Amz-Signature)=/.test(url)
}

/**
 * Opens a gate before an object server. It denies a request with a signed URL and other credentials, as Amazon S3, Azure and Ceph
 * do, and moto and Azurite do not.
 */
export async function openStoreGate(target: string): Promise<StoreGate> {
  const { hostname, port, pathname } = new URL(target)
  const gate = { isOpen: true, requests: [] as StoreRequest[] }
  const server = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming
    if (!gate.isOpen) {
      incoming.destroy()
      return
    }
    gate.requests.push({ method, url, headers })
    if (isSigned(url) && headers.authorization !== undefined) {
      response.writeHead(400).end('two kinds of credentials')
      return
    }
    const outgoing = request({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      pipeline(answer, response).catch(() => response.destroy())
    })
    pipeline(incoming, outgoing).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  return Object.assign(gate, {
    endpoint: `http://127.0.0.1:${own}${pathname === '/' ? '' : pathname}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  })
}
