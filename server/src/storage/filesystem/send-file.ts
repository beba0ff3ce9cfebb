import type { FileHandle } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { Output } from '../transfer/output.ts'
import { givePieceBack, pieceBytes, takePiece } from '../transfer/piece-pool.ts'
import type { ByteRange, OpenBlob, StoredBlob } from '../contract/model.ts'

/** An open file, or a part of one. */
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
 * Sends with two alternating pieces: one is read while the other is written. A piece is reused after the destination has
 * called back for it, when its bytes are no longer needed.
 */
async function sendRange(handle: FileHandle, { start, end }: ByteRange, destination: Writable): Promise<void> {
  const output = new Output(destination)
  try {
    let turn: Turn = { piece: takePiece(), written: Promise.resolve() }
    let other = end - start >= pieceBytes ? { piece: takePiece(), written: Promise.resolve() } : turn
    for (let position = start; position <= end;) {
      await turn.written
      const { bytesRead } = await handle.read(turn.piece, 0, Math.min(pieceBytes, end + 1 - position), position)
      if (bytesRead === 0) throw new Error('a blob is shorter than expected')
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
