import { hash } from 'node:crypto'
import type { AuditEventRow } from './store.ts'

/** One event in a block: its number, and the hash of all that it says. */
export type ChainEntry = { readonly seq: number; readonly hash: Buffer }

/** What the hash of a block is made of. */
export type BlockContent = {
  /** 1 is the first; there are no gaps. */
  readonly number: number
  readonly madeAtMs: number
  /** No event with this number or a lower one comes into a later block. */
  readonly settledTo: number
  /** In PostgreSQL the id of the first transaction that began after the block's events were read; 0 in SQLite. */
  readonly horizon: number
  /** Of the block before, in hexadecimal; 64 zeros where there is none. */
  readonly previousHash: string
  readonly entries: Uint8Array
}

/** What the first block has in the place of the hash of the one before. */
export const noPreviousHash = '0'.repeat(64)

const seqBytes = 8
const hashBytes = 32
const entryBytes = seqBytes + hashBytes

/** The columns of an event that its hash is made of, in this order. Never changed. */
export const hashedColumns = [
  'seq',
  'at_ms',
  'action',
  'outcome',
  'actor_kind',
  'actor_id',
  'credential_kind',
  'credential_id',
  'target',
  'reason',
  'detail',
  'correlation_id',
  'remote_address',
  'user_agent',
] as const satisfies readonly (keyof AuditEventRow)[]

type ValuesOf<Columns extends readonly (keyof AuditEventRow)[]> = {
  readonly [Place in keyof Columns]: AuditEventRow[Columns[Place]]
}

/** The values of an event's {@link hashedColumns}. */
export type EventValues = ValuesOf<typeof hashedColumns>

/** The hash of an event: SHA-256 over the values of its columns as a JSON array. Never changed. */
export function eventHash(event: AuditEventRow): Buffer {
  return Buffer.from(hexHashOf(hashedColumns.map((column) => event[column])), 'hex')
}

/** In hexadecimal, since a buffer for each would cost as much as the hash. */
function hexHashOf(values: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(values), 'hex')
}

/** The hash of a block, in hexadecimal: SHA-256 over a line for each of its facts, and its entries. Never changed. */
export function blockHash({ number, madeAtMs, settledTo, horizon, previousHash, entries }: BlockContent): string {
  const head = `acrux-audit-block-1\n${number}\n${madeAtMs}\n${settledTo}\n${horizon}\n${previousHash}\n`
  return hash('sha256', Buffer.concat([Buffer.from(head), entries]), 'hex')
}

/** Each entry is the number in 8 bytes, the highest first, and the hash. */
export function encodeEntries(events: readonly EventValues[]): Buffer {
  const entries = Buffer.alloc(events.length * entryBytes)
  for (const [index, event] of events.entries()) {
    entries.writeBigUInt64BE(BigInt(event[0]), index * entryBytes)
    entries.write(hexHashOf(event), index * entryBytes + seqBytes, 'hex')
  }
  return entries
}

/** Undefined for what are no entries. */
export function parseEntries(bytes: Uint8Array): ChainEntry[] | undefined {
  const entries = asBuffer(bytes)
  return entrySeqs(bytes)?.map((seq, index) => {
    const start = index * entryBytes
    return { seq, hash: entries.subarray(start + seqBytes, start + entryBytes) }
  })
}

/** The numbers alone, in the same order. Undefined for what are no entries. */
export function entrySeqs(bytes: Uint8Array): number[] | undefined {
  if (bytes.length === 0 || bytes.length % entryBytes !== 0) return undefined
  const entries = asBuffer(bytes)
  return Array.from({ length: bytes.length / entryBytes }, (_, index) =>
    Number(entries.readBigUInt64BE(index * entryBytes)),
  )
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}
