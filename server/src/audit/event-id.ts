import { randomUUID } from 'node:crypto'

/**
 * A new UUID of version 7 [RFC 9562 §5.7]: the milliseconds first, then random. Events that follow each other lie side by
 * side in the index of ids, where random ones would each change a page of their own.
 */
export function newEventId(atMs: number): string {
  const time = atMs.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
