import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultEffect } from './fault.ts'

/** A fault that affects the bytes of a body, of a request or of a response. */
export type BodyFault = Extract<
  FaultEffect,
  { bytesPerSecond: number } | { cutAfterBytes: number } | { stallAfterBytes: number }
>

/** The functions that forward the bytes and that close the connection. */
export type BodyWay = {
  /** The promise resolves when the bytes are no longer needed. */
  readonly pass: (bytes: Uint8Array) => Promise<void>
  readonly cut: () => void
  /** Whether the connection is still open. */
  readonly isOpen: () => boolean
}

/** The number of pieces of a slow body that are forwarded in a second. */
const piecesPerSecond = 10

/**
 * Creates the function that forwards the pieces of one body according to the fault. After a stall or a cut, the function never returns: the
 * rest of the body waits until the connection is closed.
 */
export function limitBody(fault: BodyFault, { pass, cut, isOpen }: BodyWay): (bytes: Uint8Array) => Promise<void> {
  if ('bytesPerSecond' in fault) {
    const size = Math.max(1, Math.floor(fault.bytesPerSecond / piecesPerSecond))
    return async (bytes) => {
      for (let from = 0; from < bytes.byteLength && isOpen(); from += size) {
        const piece = bytes.subarray(from, from + size)
        await pass(piece)
        // The timer must not keep the process alive after the connection was closed.
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
