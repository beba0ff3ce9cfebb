import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultEffect } from './fault.ts'

/** A fault of the bytes of a body, in either direction. */
export type BodyFault = Extract<
  FaultEffect,
  { bytesPerSecond: number } | { cutAfterBytes: number } | { stallAfterBytes: number }
>

/** What passes the bytes on, and what ends the connection. */
export type BodyWay = {
  /** Settles when the bytes are no longer needed. */
  readonly pass: (bytes: Uint8Array) => Promise<void>
  readonly cut: () => void
  /** Whether the connection is still open. */
  readonly isOpen: () => boolean
}

/** How many pieces of a slow body are passed on in a second. */
const piecesPerSecond = 10

/**
 * Creates the function that passes the pieces of one body on, as the fault allows. After a stall or a cut it never settles: the
 * rest of the body waits until the connection is closed.
 */
export function limitBody(fault: BodyFault, { pass, cut, isOpen }: BodyWay): (bytes: Uint8Array) => Promise<void> {
  if ('bytesPerSecond' in fault) {
    const size = Math.max(1, Math.floor(fault.bytesPerSecond / piecesPerSecond))
    return async (bytes) => {
      for (let from = 0; from < bytes.byteLength && isOpen(); from += size) {
        const piece = bytes.subarray(from, from + size)
        await pass(piece)
        // A connection that was closed does not keep the process.
        await sleep((piece.byteLength / fault.bytesPerSecond) * 1000, undefined, { ref: false })
      }
    }
  }
  let left = 'cutAfterBytes' in fault ? fault.cutAfterBytes : fault.stallAfterBytes
  return async (bytes) => {
    if (bytes.byteLength <= left) {
      left -= bytes.byteLength
      return pass(bytes)
    }
    if (left > 0) await pass(bytes.subarray(0, left))
    if ('cutAfterBytes' in fault) cut()
    return new Promise<never>(() => undefined)
  }
}
