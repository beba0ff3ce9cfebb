import { type Clock, systemClock } from './clock.ts'

/** How a steered clock follows the machine's clock: it stands still, or is this far ahead of it. */
export type ClockPosition =
  { readonly frozen: true; readonly nowMs: number } | { readonly frozen: false; readonly aheadMs: number }

/** Whether a steered clock was set back. */
export type ClockMove = 'forward' | 'back'

/*
 * The memory is the number of the last position, and two positions that are written in turn: a thread that reads a position
 * while another one is written reads the complete old one. A position is a base and a factor of the machine's time, 0 or 1.
 */
const positionsAt = 8
const memoryBytes = positionsAt + 4 * Float64Array.BYTES_PER_ELEMENT

/** The memory of a clock that runs as the machine's clock does. */
export function createClockMemory(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(memoryBytes)
  setClock(memory, { frozen: false, aheadMs: 0 })
  return memory
}

/** Sets the clocks of all threads. When this returns, none of them shows the time before. */
export function setClock(memory: SharedArrayBuffer, position: ClockPosition): void {
  const count = new Int32Array(memory, 0, 1)
  const next = Atomics.load(count, 0) + 1
  const [base, factor] = position.frozen ? [position.nowMs, 0] : [position.aheadMs, 1]
  new Float64Array(memory, positionsAt).set([base, factor], 2 * (next & 1))
  Atomics.store(count, 0, next)
}

/** The clock of a memory, which another thread may set. `machine` is replaced in tests. */
export function sharedClock(memory: SharedArrayBuffer, machine: Clock = systemClock): Clock {
  const count = new Int32Array(memory, 0, 1)
  const positions = new Float64Array(memory, positionsAt)
  const now = (): number => {
    const at = 2 * (Atomics.load(count, 0) & 1)
    return (positions[at] ?? 0) + (positions[at + 1] ?? 0) * machine.now()
  }
  return { now, machine, memory }
}
