import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../memory/max-entries.ts'
import { networkOf } from '../limits/sender-budget.ts'
import { type Allowance, type Bucket, fullBucket, refill } from '../limits/token-bucket.ts'
import { discardRest, isDiscarded } from './unread-body.ts'

/**
 * The size below which a piece of a body counts as small. Reading a piece costs a few microseconds, regardless of its
 * size. Larger pieces are counted only in a discarded body. Such a piece counts once for each part of this size,
 * because decrypting these bytes costs as much as reading a small piece.
 */
const smallBytes = 1024

/** The number of small pieces, or KiB of discarded bodies, that all connections of one address may send. */
const allowance: Allowance = { burst: 5000, perSecond: 10_000 }

/**
 * The maximum number of networks in the cache of buckets. An open connection keeps its bucket, even if the cache
 * removes the bucket.
 */
const maxNetworks = 10_000

/**
 * Creates a request class that limits the rate of small pieces of bodies and of discarded bodies. A body in chunks or
 * TLS records of one byte would occupy the main thread until the client has sent the body. A large body of a denied
 * request would have the same effect. When a client exceeds the allowance, the server stops reading the connection
 * until the allowance is refilled.
 *
 * The limit is a class because functions that are created for each request keep requests in memory for longer. Garbage
 * collection took three times as long with such functions.
 *
 * @param isExempt whether an address is a proxy for many clients. Each connection of a proxy has its own allowance
 */
export function createPacedMessage(isExempt: (address: string) => boolean): typeof IncomingMessage {
  const newBucket = () => fullBucket(allowance, performance.now())
  const byNetwork = new LRUCache<string, Bucket>({ ...maxEntries(maxNetworks), memoMethod: newBucket })
  const bySocket = new WeakMap<Socket, Bucket>()

  function bucketOf(socket: Socket): Bucket {
    const known = bySocket.get(socket)
    if (known !== undefined) return known
    const { remoteAddress = '' } = socket
    const bucket = isExempt(remoteAddress) ? newBucket() : byNetwork.memo(networkOf(remoteAddress))
    bySocket.set(socket, bucket)
    return bucket
  }

  const waiting = new WeakSet<IncomingMessage>()

  function readLater(message: IncomingMessage, bucket: Bucket, size: number): void {
    waiting.add(message)
    const waitMs = Math.max(0, (-bucket.tokens / allowance.perSecond) * 1000)
    setTimeout(() => {
      waiting.delete(message)
      message._read(size)
    }, waitMs).unref()
  }

  return class PacedMessage extends IncomingMessage {
    override push(piece: unknown, encoding?: BufferEncoding): boolean {
      // The length is read first, because the reader can free the memory of a piece after copying the piece. The length
      // is then 0.
      const bytes = piece instanceof Uint8Array ? piece.byteLength : undefined
      const continues = super.push(piece, encoding)
      if (bytes === undefined) return continues
      const isSmall = bytes < smallBytes
      if (!isSmall && !isDiscarded(this)) return continues
      const bucket = bucketOf(this.socket)
      bucket.tokens -= isSmall ? 1 : bytes / smallBytes
      return continues && bucket.tokens > 0
    }

    override _read(size: number): void {
      const bucket = bySocket.get(this.socket)
      if (bucket !== undefined && bucket.tokens <= 0) refill(bucket, allowance, performance.now())
      if (bucket === undefined || bucket.tokens > 0 || this.destroyed) super._read(size)
      else if (!waiting.has(this)) readLater(this, bucket, size)
    }

    /** Node calls this method when a response has ended, to read the rest of the body without `push`. */
    _dump(): void {
      if (this.complete) dumpOf(this)
      else discardRest(this)
    }
  }
}

function dumpOf(message: IncomingMessage): void {
  const { _dump: dump } = IncomingMessage.prototype as IncomingMessage & { readonly _dump?: () => void }
  dump?.call(message)
}
