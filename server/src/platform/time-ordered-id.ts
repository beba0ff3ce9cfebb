import { randomUUID } from 'node:crypto'
import { oncePerMillisecond } from './once-per-millisecond.ts'

/**
 * A new UUID of version 7 [RFC 9562 §5.7]: the milliseconds first, then 74 random bits. In an index those made after each
 * other lie side by side, where random ones would each change a page of their own. Not for secrets: the time can be read.
 */
export function newTimeOrderedId(nowMs: number): string {
  return startOf(nowMs) + randomUUID().slice(15)
}

const startOf = oncePerMillisecond((ms) => {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7`
})
