import type { FileHandle } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import type { ByteRange, OpenBlob } from './index.ts'
import { Output } from './output.ts'

/** How much is read at once. Two such pieces are in memory for each blob that is being sent: one on its way, one being read. */
const pieceBytes = 256 * 1024

/** Pieces that are free; used again, since memory fresh from the kernel costs as much as the reading. */
const freePieces: Buffer[] = []
const freePiecesLimit = 32

/** A file, or a part of one, that is ready to be sent. */
export class OpenFile implements OpenBlob {
  #handle: FileHandle
  #range: ByteRange

  constructor(handle: FileHandle, range: ByteRange) {
    this.#handle = handle
    this.#range = range
  }

  async sendTo(destination: Writable): Promise<void> {
    try {
      await sendRange(this.#handle, this.#range, destination)
    } finally {
      await this.#handle.close()
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/**
 * Two pieces take turns: one is read while the other is written. A piece is read into again only when the destination
 * has called back for it, which it does once nobody looks at those bytes any more.
 */
async function sendRange(handle: FileHandle, { start, end }: ByteRange, destination: Writable): Promise<void> {
  const output = new Output(destination)
  try {
    let piece = takePiece()
    let other = end - start >= pieceBytes ? takePiece() : piece
    for (let position = start; position <= end;) {
      await piece.written
      const { bytesRead } = await handle.read(piece.bytes, 0, Math.min(pieceBytes, end + 1 - position), position)
      if (bytesRead === 0) throw new Error('a blob is shorter than it was')
      position += bytesRead
      piece.written = output.write(piece.bytes.subarray(0, bytesRead))
      ;[piece, other] = [other, piece]
    }
    await piece.written
    await other.written
    for (const { bytes } of new Set([piece, other])) if (freePieces.length < freePiecesLimit) freePieces.push(bytes)
  } finally {
    output.release()
  }
}

type Piece = { readonly bytes: Buffer; written: Promise<void> }

function takePiece(): Piece {
  return { bytes: freePieces.pop() ?? Buffer.allocUnsafeSlow(pieceBytes), written: Promise.resolve() }
}
