/** The size of a piece. Sockets transfer 16 KiB at once; larger pieces than this are not faster. */
export const pieceBytes = 256 * 1024

const free: Buffer[] = []
const maxFree = 32

/**
 * Returns the memory of one piece from a pool. Allocating memory takes the kernel as long as copying, and garbage uses memory
 * until it is collected.
 */
export function takePiece(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)
}

/** Returns a piece to the pool. Do not return a piece that may still be read; let it be collected. */
export function givePieceBack(piece: Buffer): void {
  if (free.length < maxFree) free.push(piece)
}
