import { randomUUID } from 'node:crypto'

/**
 * A new UUID of version 7 [RFC 9562 §5.7]: the milliseconds first, then 74 random bits. In an index those made after each
 * other lie side by side, where random ones would each change a page of their own. Not for secrets: the time can be read.
 */
export function newTimeOrderedId(nowMs: number): string {
  if (nowMs !== latest.ms) latest = { ms: nowMs, start: startOf(nowMs) }
  return latest.start + randomUUID().slice(15)
}

/** Written out once a millisecond. */
let latest = { ms: 0, start: startOf(0) }

function startOf(ms: number): string {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7`
}
