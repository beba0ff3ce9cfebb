import { type Sealer, SealedValueError } from '../platform/keys/sealing.ts'
import { type Checkpoint, formatCheckpoint } from './checkpoint.ts'
import type { AuditEventRow } from './store.ts'

/** The action of the event that tells that the oldest events were removed. */
export const expiryAction = 'audit-log.expire'

/** What the server signs off: that everything up to this block was removed by it. */
export type SignedStart = { readonly through: string; readonly proof: string }

const context = 'audit-log-start'

/** Signs a new start of the chain off: nobody can who does not have the master key. */
export function signStart(sealer: Sealer, removed: Checkpoint): SignedStart {
  const through = formatCheckpoint(removed)
  return { through, proof: sealer.seal(through, context).toString('base64url') }
}

/** The last block that an event tells to have been removed, as `NUMBER:HASH`; undefined for every other event. */
export function removedBlock(sealer: Sealer, { action, detail }: AuditEventRow): string | undefined {
  // Read as text: in a log that was altered, it may be no JSON.
  const proof = action === expiryAction ? /"proof":"([\w-]+)"/.exec(detail ?? '')?.[1] : undefined
  if (proof === undefined) return undefined
  try {
    return sealer.open(Buffer.from(proof, 'base64url'), context).toString()
  } catch (error) {
    if (error instanceof SealedValueError) return undefined
    throw error
  }
}
