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

/** The hash of an event: SHA-256 over its columns as a JSON array, in this order. Never changed. */
export function eventHash(event: AuditEventRow): Buffer {
  const content = [
    event.seq,
    event.at_ms,
    event.action,
    event.outcome,
    event.actor_kind,
    event.actor_id,
    event.credential_kind,
    event.credential_id,
    event.target,
    event.reason,
    event.detail,
    event.correlation_id,
    event.remote_address,
    event.user_agent,
  ]
  return hash('sha256', JSON.stringify(content), 'buffer')
}

/** The hash of a block, in hexadecimal: SHA-256 over a line for each of its facts, and its entries. Never changed. */
export function blockHash({ number, madeAtMs, settledTo, horizon, previousHash, entries }: BlockContent): string {
  const head = `acrux-audit-block-1\n${number}\n${madeAtMs}\n${settledTo}\n${horizon}\n${previousHash}\n`
  return hash('sha256', Buffer.concat([Buffer.from(head), entries]), 'hex')
}

/** Each entry is the number in 8 bytes, the highest first, and the hash. */
export function encodeEntries(events: readonly AuditEventRow[]): Buffer {
  const entries = Buffer.alloc(events.length * entryBytes)
  for (const [index, event] of events.entries()) {
    entries.writeBigUInt64BE(BigInt(event.seq), index * entryBytes)
    eventHash(event).copy(entries, index * entryBytes + seqBytes)
  }
  return entries
}

/** Undefined for what are no entries. */
export function parseEntries(bytes: Uint8Array): ChainEntry[] | undefined {
  if (bytes.length === 0 || bytes.length % entryBytes !== 0) return undefined
  const entries = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / entryBytes }, (_, index) => {
    const start = index * entryBytes
    const seq = Number(entries.readBigUInt64BE(start))
    return { seq, hash: entries.subarray(start + seqBytes, start + entryBytes) }
  })
}
