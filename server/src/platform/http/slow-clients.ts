import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The limits for slow clients. */
export type SlowClientLimits = {
  /**
   * The time limit for receiving a complete request, from its first line. The limit does not apply to a request with a
   * streamed body.
   */
  readonly requestMs: number
  /** The time limit from opening a connection to the first line of a request. */
  readonly firstRequestMs: number
  /** The minimum rates for streamed bodies and for responses, as averages over each window. */
  readonly minUploadBytesPerSecond: number
  readonly minDownloadBytesPerSecond: number
  readonly windowMs: number
  /** The time limit from a response to the next request on the connection. */
  readonly keepAliveMs: number
  /** How long a connection may transfer no bytes during a request. */
  readonly idleMs: number
}

/** The reason why a client was disconnected. */
export type SlowClientReason = 'request' | 'upload' | 'download'

/** The default limits, which are far below the rates of slow links. */
export const usualSlowClientLimits: SlowClientLimits = {
  requestMs: 30_000,
  firstRequestMs: 30_000,
  minUploadBytesPerSecond: 1024,
  minDownloadBytesPerSecond: 1024,
  windowMs: 60_000,
  keepAliveMs: 65_000,
  idleMs: 120_000,
}

const streamed = new WeakSet<IncomingMessage>()

/** Marks a request body as streamed. A streamed body has a minimum rate instead of a time limit. */
export function streamBody(request: IncomingMessage): void {
  streamed.add(request)
}

type Watched = {
  request: IncomingMessage | undefined
  response: ServerResponse | undefined
  /** Whether the request began after the last check. The time of the request starts at the next check. */
  isNew: boolean
  /** The time when the request or the connection began. Times when the server did not read are added to this value. */
  begunMs: number
  readonly reading: Window
  readonly writing: Window
  /** The number of bytes sent and received until the last check, and the time of the last change of this number. */
  bytes: number
  movedMs: number
  isCut: boolean
}

type Window = { begunMs: number; bytes: number }

/**
 * Checks all connections, and disconnects clients that are too slow or idle, because their connections could serve
 * other clients. The checks ignore the time when the server does not read because it waits for the disk or a budget.
 *
 * This class replaces the timeouts of Node's sockets. Node moves a timer at each request, read and write, which took a
 * tenth of the processor time of a manifest GET.
 */
export class SlowClients {
  readonly limits: SlowClientLimits
  readonly #onCut: (reason: SlowClientReason, socket: Socket) => void
  readonly #watched = new Map<Socket, Watched>()
  readonly #timer: NodeJS.Timeout
  readonly #everyMs: number

  constructor(limits: SlowClientLimits, onCut: (reason: SlowClientReason, socket: Socket) => void) {
    this.limits = limits
    this.#onCut = onCut
    const { requestMs, windowMs, keepAliveMs, idleMs } = limits
    this.#everyMs = Math.max(50, Math.min(1000, Math.min(requestMs, windowMs, keepAliveMs, idleMs) / 4))
    this.#timer = setInterval(() => this.#check(), this.#everyMs).unref()
  }

  /** Starts watching a connection. */
  watch(socket: Socket): void {
    const nowMs = performance.now()
    this.#watched.set(socket, {
      request: undefined,
      response: undefined,
      isNew: false,
      begunMs: nowMs,
      reading: { begunMs: nowMs, bytes: socket.bytesRead },
      writing: { begunMs: nowMs, bytes: 0 },
      bytes: 0,
      movedMs: nowMs,
      isCut: false,
    })
    // Without this override, Node would start its timer for idle connections after each response.
    socket.setTimeout = () => socket
    socket.once('close', () => this.#watched.delete(socket))
  }

  /** Records the start of a request. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    const watched = this.#watched.get(request.socket)
    if (watched === undefined) return
    watched.request = request
    watched.response = response
    watched.isNew = true
  }

  /** The response to the last request that began on a connection. */
  responseOn(socket: Socket): ServerResponse | undefined {
    return this.#watched.get(socket)?.response
  }

  /** Whether a response is being sent. */
  isAnswering(socket: Socket): boolean {
    const response = this.responseOn(socket)
    return response?.headersSent === true && !response.writableFinished
  }

  /**
   * The connections whose last response was sent completely, and the connections without a first request for longer
   * than `withoutRequestMs`.
   */
  idle(withoutRequestMs: number): readonly Socket[] {
    const nowMs = performance.now()
    const isIdle = (watched: Watched): boolean =>
      isBetweenRequests(watched) ?? nowMs - watched.begunMs > withoutRequestMs
    return [...this.#watched].filter(([, watched]) => isIdle(watched)).map(([socket]) => socket)
  }

  /** The requests that are being received or answered. */
  running(): readonly IncomingMessage[] {
    const busy = [...this.#watched.values()].filter((watched) => isBetweenRequests(watched) === false)
    return busy.flatMap(({ request }) => request ?? [])
  }

  /** Stops the checks. */
  stop(): void {
    clearInterval(this.#timer)
  }

  #check(): void {
    const nowMs = performance.now()
    for (const [socket, watched] of this.#watched) {
      if (watched.isCut) {
        // The client did not read the 408 response.
        socket.destroy()
        continue
      }
      if (this.#isIdle(socket, watched, nowMs)) {
        socket.destroy()
        continue
      }
      const reason = this.#slowness(socket, watched, nowMs)
      if (reason === undefined) continue
      watched.isCut = true
      this.#onCut(reason, socket)
      cut(socket, watched.response)
    }
  }

  #isIdle(socket: Socket, watched: Watched, nowMs: number): boolean {
    const bytes = socket.bytesRead + socket.bytesWritten - socket.writableLength
    if (bytes !== watched.bytes) {
      watched.bytes = bytes
      watched.movedMs = nowMs
    }
    const isBetween = isBetweenRequests(watched)
    if (isBetween === undefined) return false
    return nowMs - watched.movedMs > (isBetween ? this.limits.keepAliveMs : this.limits.idleMs)
  }

  #slowness(socket: Socket, watched: Watched, nowMs: number): SlowClientReason | undefined {
    const { windowMs, minDownloadBytesPerSecond } = this.limits
    const { writing } = watched
    if (watched.isNew) {
      watched.isNew = false
      watched.begunMs = nowMs
      restart(watched.reading, socket.bytesRead, nowMs)
    }
    const written = socket.bytesWritten - socket.writableLength
    if (socket.writableLength === 0) restart(writing, written, nowMs)
    else if (nowMs - writing.begunMs >= windowMs) {
      if (isTooSlow(writing, written, nowMs, minDownloadBytesPerSecond)) return 'download'
      restart(writing, written, nowMs)
    }
    return this.#slownessToSend(socket, watched, nowMs)
  }

  #slownessToSend(socket: Socket, watched: Watched, nowMs: number): SlowClientReason | undefined {
    const { requestMs, firstRequestMs, windowMs, minUploadBytesPerSecond } = this.limits
    const { request, reading } = watched
    if (request === undefined) return nowMs - watched.begunMs > firstRequestMs ? 'request' : undefined
    if (request.complete) return undefined
    if (request.readableLength >= request.readableHighWaterMark || request.isPaused()) {
      watched.begunMs += this.#everyMs
      restart(reading, socket.bytesRead, nowMs)
      return undefined
    }
    if (!streamed.has(request)) return nowMs - watched.begunMs > requestMs ? 'request' : undefined
    if (nowMs - reading.begunMs < windowMs) return undefined
    if (isTooSlow(reading, socket.bytesRead, nowMs, minUploadBytesPerSecond)) return 'upload'
    restart(reading, socket.bytesRead, nowMs)
    return undefined
  }
}

/** Whether a connection waits for its next request. Undefined before the first request of the connection. */
function isBetweenRequests({ request, response }: Watched): boolean | undefined {
  if (request === undefined || response === undefined) return undefined
  return request.complete && response.writableFinished
}

function restart(window: Window, bytes: number, nowMs: number): void {
  window.begunMs = nowMs
  window.bytes = bytes
}

function isTooSlow({ begunMs, bytes }: Window, now: number, nowMs: number, bytesPerSecond: number): boolean {
  return now - bytes < (bytesPerSecond * (nowMs - begunMs)) / 1000
}

/** Sends a 408 response if no response has been started, and closes the connection. */
function cut(socket: Socket, response: ServerResponse | undefined): void {
  if (response === undefined || response.headersSent || response.writableFinished) {
    socket.destroy()
    return
  }
  const body = '{"error":{"code":"RequestTimeout","message":"The request took too long to arrive."}}'
  response.shouldKeepAlive = false
  response.writeHead(408, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length })
  response.end(body, () => socket.destroySoon())
}
