import { type Sealer, SealedValueError } from '../../platform/keys/sealing.ts'
import { type Checkpoint, formatCheckpoint } from './chain-format.ts'
import type { AuditEventRow } from '../log/rows.ts'

/** The action of the event that reports the removal of the oldest events. */
export const expiryAction = 'audit-log.expire'

/** A sealed statement that the server removed all blocks up to this block. */
export type SignedStart = { readonly through: string; readonly proof: string }

const context = 'audit-log-start'

/** Seals a new start of the chain with the master key. */
export function signStart(sealer: Sealer, removed: Checkpoint): SignedStart {
  const through = formatCheckpoint(removed)
  return { through, proof: sealer.seal(through, context).toString('base64url') }
}

/** The last block that was removed according to an event, as `NUMBER:HASH`; undefined for all other events. */
export function removedBlock(sealer: Sealer, { action, detail }: AuditEventRow): string | undefined {
  // Searched as text, because the details in an altered log may not be JSON.
  const proof = action === expiryAction ? /"proof":"([\w-]+)"/.exec(detail ?? '')?.[1] : undefined
  if (proof === undefined) return undefined
  try {
    return sealer.open(Buffer.from(proof, 'base64url'), context).toString()
  } catch (error) {
    if (error instanceof SealedValueError) return undefined
    throw error
  }
}
