import type { FileHandle } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { Output } from './output.ts'
import { givePieceBack, pieceBytes, takePiece } from './piece-pool.ts'
import type { ByteRange, OpenBlob, StoredBlob } from './model.ts'

/** A file, or a part of one, that is ready to be sent. */
export class OpenFile implements OpenBlob {
  readonly stored: StoredBlob
  #handle: FileHandle
  #range: ByteRange

  constructor(handle: FileHandle, stored: StoredBlob, range: ByteRange) {
    this.stored = stored
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
    let turn: Turn = { piece: takePiece(), written: Promise.resolve() }
    let other = end - start >= pieceBytes ? { piece: takePiece(), written: Promise.resolve() } : turn
    for (let position = start; position <= end;) {
      await turn.written
      const { bytesRead } = await handle.read(turn.piece, 0, Math.min(pieceBytes, end + 1 - position), position)
      if (bytesRead === 0) throw new Error('a blob is shorter than it was')
      position += bytesRead
      turn.written = output.write(turn.piece.subarray(0, bytesRead))
      ;[turn, other] = [other, turn]
    }
    await turn.written
    await other.written
    for (const { piece } of new Set([turn, other])) givePieceBack(piece)
  } finally {
    output.release()
  }
}

type Turn = { readonly piece: Buffer; written: Promise<void> }
