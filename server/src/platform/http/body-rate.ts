import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { RecentMap } from '../recent-map.ts'
import { networkOf } from '../sender-budget.ts'
import { type Allowance, type Bucket, fullBucket, refill } from '../token-bucket.ts'
import { discardRest, isDiscarded } from './unread-body.ts'

/**
 * A piece of a body costs a few microseconds, regardless of its size. Larger pieces are counted only in a body that is
 * discarded, one for each part of this size: decrypting that many bytes costs as much.
 */
const smallBytes = 1024

/** The number of small pieces, or KiB of discarded bodies, that all connections of one address may send. */
const allowance: Allowance = { burst: 5000, perSecond: 10_000 }

/** The minimum number of addresses whose allowances are kept. */
const minAddresses = 10_000

/**
 * Creates a function that limits small pieces of the body of a request, and the rate at which it is discarded. A body in
 * chunks or TLS records of one byte would keep the main thread busy for as long as it is sent, and so would large bodies
 * of denied requests. Over the allowance, the server stops reading the connection until the allowance is refilled.
 *
 * @param isExempt whether an address is a proxy for many clients; each of its connections has its own allowance
 */
export function createBodyPacer(isExempt: (address: string) => boolean): (request: IncomingMessage) => void {
  const byAddress = new RecentMap<Bucket>(minAddresses)
  const bySocket = new WeakMap<Socket, Bucket>()

  function bucketOf(socket: Socket): Bucket {
    const known = bySocket.get(socket)
    if (known !== undefined) return known
    const { remoteAddress = '' } = socket
    const make = () => fullBucket(allowance, performance.now())
    const bucket = isExempt(remoteAddress) ? make() : byAddress.getOrMake(networkOf(remoteAddress), make)
    bySocket.set(socket, bucket)
    return bucket
  }

  return (request: DumpedMessage) => {
    if (!hasBody(request)) return
    const push = request.push.bind(request)
    const read = request._read.bind(request)
    const dump = request._dump?.bind(request)
    const bucket = bucketOf(request.socket)
    let isWaiting = false

    function readLater(size: number): void {
      isWaiting = true
      const waitMs = Math.max(0, (-bucket.tokens / allowance.perSecond) * 1000)
      setTimeout(() => {
        isWaiting = false
        request._read(size)
      }, waitMs).unref()
    }

    request.push = (piece: unknown, encoding?: BufferEncoding) => {
      const goesOn = push(piece, encoding)
      if (!(piece instanceof Uint8Array)) return goesOn
      const isSmall = piece.byteLength < smallBytes
      if (!isSmall && !isDiscarded(request)) return goesOn
      bucket.tokens -= isSmall ? 1 : piece.byteLength / smallBytes
      return goesOn && bucket.tokens > 0
    }
    request._read = (size) => {
      if (bucket.tokens <= 0) refill(bucket, allowance, performance.now())
      if (bucket.tokens > 0 || request.destroyed) read(size)
      else if (!isWaiting) readLater(size)
    }
    // Node calls this once the answer has ended, and would then take what is left of the body without `push`.
    request._dump = () => {
      if (request.complete) dump?.()
      else discardRest(request)
    }
  }
}

type DumpedMessage = IncomingMessage & { _dump?: () => void }

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
