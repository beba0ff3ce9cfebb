import { type Clock, systemClock } from './clock.ts'

/**
 * The relation of an adjustable clock to the machine's clock. The adjustable clock is stopped, or is ahead by a fixed
 * time.
 */
export type ClockPosition =
  { readonly frozen: true; readonly nowMs: number } | { readonly frozen: false; readonly aheadMs: number }

/** The direction in which an adjustable clock was set. */
export type ClockMove = 'forward' | 'back'

/*
 * The memory contains the number of the last position, and two positions. A new position replaces the older of the two
 * positions. A thread that reads during a write therefore reads the complete previous position. A position consists of a
 * base and a factor for the machine's time, which is 0 or 1.
 */
const positionsAt = 8
const memoryBytes = positionsAt + 4 * Float64Array.BYTES_PER_ELEMENT

/** Creates the memory of a clock that shows the time of the machine's clock. */
export function createClockMemory(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(memoryBytes)
  setClock(memory, { frozen: false, aheadMs: 0 })
  return memory
}

/** Sets the clocks of all threads. After this function returns, no clock shows the old time. */
export function setClock(memory: SharedArrayBuffer, position: ClockPosition): void {
  const count = new Int32Array(memory, 0, 1)
  const next = Atomics.load(count, 0) + 1
  const [base, factor] = position.frozen ? [position.nowMs, 0] : [position.aheadMs, 1]
  new Float64Array(memory, positionsAt).set([base, factor], 2 * (next & 1))
  Atomics.store(count, 0, next)
}

/** Creates a clock that reads the memory, which another thread may change. Tests replace `machine`. */
export function sharedClock(memory: SharedArrayBuffer, machine: Clock = systemClock): Clock {
  const count = new Int32Array(memory, 0, 1)
  const positions = new Float64Array(memory, positionsAt)
  const now = (): number => {
    const at = 2 * (Atomics.load(count, 0) & 1)
    return (positions[at] ?? 0) + (positions[at + 1] ?? 0) * machine.now()
  }
  return { now, machine, memory }
}
