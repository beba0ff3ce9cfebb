import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { RecentMap } from '../recent-map.ts'
import { networkOf } from '../sender-budget.ts'
import { type Allowance, type Bucket, fullBucket, refill } from '../token-bucket.ts'

/** A piece of a body takes a few microseconds, however small it is. Those of a network packet or more are not counted. */
const smallBytes = 1024

/** The small pieces that the connections of one address may send together. */
const allowance: Allowance = { burst: 5000, perSecond: 10_000 }

/** How many addresses are told apart at least. */
const minAddresses = 10_000

/**
 * Makes the class of requests whose small pieces are bounded: a body in chunks of one byte, or in TLS records of one byte,
 * would occupy the main thread as long as it is sent, whether anybody wants it or not. Beyond the allowance the connection is
 * read no further until the pieces are paid for.
 *
 * @param isExempt says which addresses stand for many clients: each of their connections has an allowance of its own
 */
export function createPacedMessage(isExempt: (address: string) => boolean): typeof IncomingMessage {
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
      const goesOn = super.push(piece, encoding)
      if (!(piece instanceof Uint8Array) || piece.byteLength >= smallBytes) return goesOn
      const bucket = bucketOf(this.socket)
      bucket.tokens -= 1
      return goesOn && bucket.tokens > 0
    }

    override _read(size: number): void {
      const bucket = bySocket.get(this.socket)
      if (bucket !== undefined && bucket.tokens <= 0) refill(bucket, allowance, performance.now())
      if (bucket === undefined || bucket.tokens > 0 || this.destroyed) super._read(size)
      else if (!waiting.has(this)) readLater(this, bucket, size)
    }

    /** Node calls this once an answer has ended, and would then take what is left of the body without `push`. */
    _dump(): void {
      if (this.complete) dumpOf(this)
      else this.resume()
    }
  }
}

function dumpOf(message: IncomingMessage): void {
  const { _dump: dump } = IncomingMessage.prototype as IncomingMessage & { readonly _dump?: () => void }
  dump?.call(message)
}
