import { hash } from 'node:crypto'
import type { AuditEventRow } from '../log/rows.ts'
import { hashedColumns, type EventValues } from '../log/event-columns.ts'

/** One event in a block: its number, and the hash of its contents. */
export type ChainEntry = { readonly seq: number; readonly hash: Buffer }

/** The hashed contents of a block. */
export type BlockContent = {
  /** The number of the first block is 1. There are no gaps. */
  readonly number: number
  readonly madeAtMs: number
  /** No later block contains an event with this number or a lower number. */
  readonly settledTo: number
  /** In PostgreSQL the id of the first transaction that began after the block's events were read; 0 in SQLite. */
  readonly horizon: number
  /** The hash of the previous block, in hexadecimal; 64 zeros for the first block. */
  readonly previousHash: string
  readonly entries: Uint8Array
}

/** The previous hash of the first block. */
export const noPreviousHash = '0'.repeat(64)

/**
 * A block of the chain by its number and hash. A saved checkpoint later shows whether the log before the checkpoint was
 * changed or truncated.
 */
export type Checkpoint = { readonly number: number; readonly hash: string }

/** Parses `NUMBER:HASH`. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, number, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? []
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash }
}

/** Formats as `NUMBER:HASH`. */
export function formatCheckpoint({ number, hash }: Checkpoint): string {
  return `${number}:${hash}`
}

const seqBytes = 8

const hashBytes = 32

const entryBytes = seqBytes + hashBytes

/** The hash of an event: SHA-256 over the values of its columns as a JSON array. This format must never change. */
export function eventHash(event: AuditEventRow): Buffer {
  return Buffer.from(hexHashOf(hashedColumns.map((column) => event[column])), 'hex')
}

/** In hexadecimal, because allocating a buffer takes as long as the hash. */
function hexHashOf(values: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(values), 'hex')
}

/**
 * The hash of a block, in hexadecimal: SHA-256 over one line for each field of the block, followed by the block's
 * entries. This format must never change.
 */
export function blockHash({ number, madeAtMs, settledTo, horizon, previousHash, entries }: BlockContent): string {
  const head = `acrux-audit-block-1\n${number}\n${madeAtMs}\n${settledTo}\n${horizon}\n${previousHash}\n`
  return hash('sha256', Buffer.concat([Buffer.from(head), entries]), 'hex')
}

/** Encodes each entry as the number in 8 bytes, big-endian, and the hash. */
export function encodeEntries(events: readonly EventValues[]): Buffer {
  const entries = Buffer.alloc(events.length * entryBytes)
  for (const [index, event] of events.entries()) {
    entries.writeBigUInt64BE(BigInt(event[0]), index * entryBytes)
    entries.write(hexHashOf(event), index * entryBytes + seqBytes, 'hex')
  }
  return entries
}

/** Decodes entries. */
export function parseEntries(bytes: Uint8Array): ChainEntry[] | undefined {
  const entries = asBuffer(bytes)
  return entrySeqs(bytes)?.map((seq, index) => {
    const start = index * entryBytes
    return { seq, hash: entries.subarray(start + seqBytes, start + entryBytes) }
  })
}

/** Decodes only the numbers of entries, in the same order. */
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
