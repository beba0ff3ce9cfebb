import { type KeyRing, createKeyRing } from '../../platform/keys/key-ring.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { refreshTokenSeconds } from './acr-token-claims.ts'

type AcrKeyOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly sealer: Sealer
  readonly signingKeyRotationDays: number
}

/** Opens the keys that sign ACR tokens. */
export function createAcrKeys({ database, clock, sealer, signingKeyRotationDays }: AcrKeyOptions): KeyRing {
  return createKeyRing({
    database,
    clock,
    sealer,
    purpose: 'acr',
    algorithm: 'ES256',
    rotationMilliseconds: signingKeyRotationDays * 24 * 60 * 60 * 1000,
    signatureMilliseconds: refreshTokenSeconds * 1000,
  })
}
