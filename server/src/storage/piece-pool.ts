/** How much is read or written at once. A socket gives and takes 16 KiB; a piece is as large as pays. */
export const pieceBytes = 256 * 1024

const free: Buffer[] = []
const freeLimit = 32

/**
 * Gives memory for one piece, which is used again: fresh memory costs the kernel as much as the copying, and what the
 * garbage collector has not yet found counts like what is in use.
 */
export function takePiece(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)
}

/** Takes a piece back that nobody looks at any more; one that may still be looked at is to be forgotten instead. */
export function givePieceBack(piece: Buffer): void {
  if (free.length < freeLimit) free.push(piece)
}
