import type { AuditTables } from '../log/rows.ts'

/** A block of the chain: some events, and the hash of the block before. */
export type BlockRow = {
  readonly number: number
  readonly made_at_ms: number
  readonly previous_hash: string
  readonly hash: string
  readonly entries: Uint8Array
  /** The highest number of an event in this block and all previous blocks. */
  readonly covers_to: number
  /** No event with this number or a lower number is added to a later block. */
  readonly settled_to: number
  readonly horizon: number
  /** The earliest and the latest time of the events in the block. */
  readonly first_at_ms: number
  readonly last_at_ms: number
}

/** The tables of the chain. */
export type ChainTables = AuditTables & {
  audit_block: BlockRow
  /** One row: the last block, sealed under the master key; empty until the server's first start. */
  audit_head: { readonly id: number; readonly seal: Uint8Array }
}
