import { type Sealer, SealedValueError } from '../../platform/keys/sealing.ts'
import { type Checkpoint, formatCheckpoint, noPreviousHash, parseCheckpoint } from './chain-format.ts'

/** The action of the event that reports an altered log. */
export const alterationAction = 'audit-log.altered'

/** Why a head is unusable: the row is missing, was never sealed, or was not sealed with the master key. */
export type HeadFault = 'missing' | 'unsealed' | 'forged'

/** The head of a chain without blocks. */
export const noBlocks: Checkpoint = { number: 0, hash: noPreviousHash }

const context = 'audit-log-head'

/**
 * Seals the last block of the chain with the master key, so that nobody without the master key can seal another block
 * as the last block.
 */
export function sealHead(sealer: Sealer, head: Checkpoint): Buffer {
  return sealer.seal(formatCheckpoint(head), context)
}

/** The last block that the server sealed, or the reason why this block is unknown. */
export function openHead(sealer: Sealer, seal: Uint8Array | undefined): Checkpoint | HeadFault {
  if (seal === undefined) return 'missing'
  if (seal.length === 0) return 'unsealed'
  try {
    const text = sealer.open(seal, context).toString()
    return text === formatCheckpoint(noBlocks) ? noBlocks : (parseCheckpoint(text) ?? 'forged')
  } catch (error) {
    if (error instanceof SealedValueError) return 'forged'
    throw error
  }
}

/** Whether the last block of the chain is the block that the server sealed as the last block. */
export function isHead(head: Checkpoint | HeadFault, last: Checkpoint | undefined): boolean {
  return typeof head === 'object' && formatCheckpoint(head) === formatCheckpoint(last ?? noBlocks)
}
