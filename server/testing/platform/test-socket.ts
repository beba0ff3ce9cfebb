import diagnostics from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import net from 'node:net'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { until } from './test-patience.ts'
import { type Listener, listen } from '../../src/platform/http/listener.ts'
import { type SlowClientLimits, usualSlowClientLimits } from '../../src/platform/http/slow-clients.ts'

/** An application behind a listener on a free port of this machine, and functions that send arbitrary bytes to the application. */
export async function serveForTest(t: TestContext, app: FastifyInstance, limits: Partial<SlowClientLimits> = {}) {
  const listener: Listener = await listen(app, {
    addresses: [{ host: '127.0.0.1', port: 0 }],
    tls: undefined,
    slowClients: { ...usualSlowClientLimits, ...limits },
  })
  const port = listener.addresses[0]?.port ?? 0
  t.after(async () => {
    await listener.close(0)
    await app.close()
  })
  const connect = async (): Promise<TestSocket> => {
    const socket = net.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new TestSocket(socket)
  }
  const say = async (text: string): Promise<string> => {
    const socket = await connect()
    socket.write(text)
    return socket.rest()
  }
  return {
    listener,
    port,
    connect,
    /** The next request whose header reaches the listener. */
    nextRequest: (): Promise<IncomingMessage> =>
      new Promise((resolve) => {
        const seen = (message: unknown) => {
          const { request } = message as { readonly request: IncomingMessage }
          if (request.socket.localPort !== port) return
          diagnostics.unsubscribe('http.server.request.start', seen)
          resolve(request)
        }
        diagnostics.subscribe('http.server.request.start', seen)
      }),
    /** Waits until five later requests are answered, so that all earlier requests have been examined. */
    settle: async (later: string): Promise<void> => {
      for (let count = 0; count < 5; count += 1) await say(later)
    },
    /** The complete response, up to the end of the connection. The request must tell the server to close the connection. */
    say,
  }
}

/** One connection to the listener. */
export class TestSocket {
  readonly #socket: net.Socket
  #received = ''
  #ended = false

  constructor(socket: net.Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => (this.#received += text))
    socket.on('error', () => undefined)
    socket.on('close', () => (this.#ended = true))
  }

  get received(): string {
    return this.#received
  }

  get ended(): boolean {
    return this.#ended
  }

  write(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Waits until the received bytes contain the text. */
  async until(text: string): Promise<void> {
    await until(JSON.stringify(text), () => this.#received.includes(text))
  }

  /** Waits for the other side to end the connection. */
  async rest(): Promise<string> {
    await until('the end of the connection', () => this.#ended)
    return this.#received
  }
}
