import { hash } from 'node:crypto'

/** The namespace of derived ids. */
const namespace = Buffer.from('acacacac000040008000000000000005', 'hex')

/** The id that belongs to a name: a UUID of version 5 of the name in lower case. [RFC 9562 §5.5] */
export function derivedId(name: string): string {
  const bytes = hash('sha1', Buffer.concat([namespace, Buffer.from(name.toLowerCase())]), 'buffer').subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
