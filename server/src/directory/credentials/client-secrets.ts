import { hash, randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import { newSecret, secretEquals } from '../../platform/keys/sealing.ts'
import type { Database } from '../../platform/sql/database.ts'
import { nullGuid, parseGuid } from '../../standards/azure/guid.ts'
import { AuthorityMemory, andThen } from '../../platform/memory/authority-memory.ts'
import { toServicePrincipal } from '../principals.ts'
import type { DirectoryStore } from '../store.ts'
import type { FoundSecretRow } from '../lookup-store.ts'
import type { SecretRow } from '../tables.ts'
import type { ClientSecretCheck } from '../model.ts'

/** How many proofs are remembered. */
const memoryLimit = 100_000

/** Ours have 46 characters; what is far longer is not worth its hash. */
const longestSecret = 1024

/** The hash that an unknown secret is compared with, so that every refusal makes a comparison. */
const nobodysHash = storedHash(newSecret())

/** What is stored of a secret. */
export function storedHash(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/** A new secret and its row. The secret itself is nowhere else. */
export function makeSecret(secret: {
  readonly holderId: string
  readonly appId: string
  readonly displayName: string | null
  readonly startsAtMs: number
  readonly expiresAtMs: number
}): { readonly secretText: string; readonly row: SecretRow } {
  const secretText = newSecret()
  const row: SecretRow = {
    id: randomUUID(),
    holder_id: secret.holderId,
    app_id: secret.appId,
    display_name: secret.displayName,
    hint: secretText.slice(0, 3),
    secret_hash: storedHash(secretText),
    starts_at_ms: secret.startsAtMs,
    expires_at_ms: secret.expiresAtMs,
  }
  return { secretText, row }
}

/**
 * The proof by client secret. A secret that proved somebody is remembered by its hash; refusals never are. A refusal
 * makes the same reads and the same comparison whether the application exists or not.
 */
export function createSecretCheck(database: Database, clock: Clock, store: DirectoryStore) {
  const memory = new AuthorityMemory<ClientSecretCheck>(memoryLimit)

  async function refuse(appId: string, hash: string): Promise<ClientSecretCheck> {
    const principal = await store.servicePrincipalByAppId(appId)
    secretEquals(hash, nobodysHash)
    return { outcome: principal === undefined ? 'unknown-application' : 'wrong-secret' }
  }

  function judge(row: FoundSecretRow, nowMs: number): ClientSecretCheck {
    if (nowMs >= row.expires_at_ms) return { outcome: 'expired-secret' }
    if (row.enabled !== 1) return { outcome: 'disabled' }
    return {
      outcome: 'proved',
      servicePrincipal: toServicePrincipal(row),
      credentialId: row.id,
      expiresAtMs: row.expires_at_ms,
    }
  }

  return (appIdText: string, secret: string): ClientSecretCheck | Promise<ClientSecretCheck> => {
    const appId = parseGuid(appIdText) ?? nullGuid
    const hash = storedHash(secret.length > longestSecret ? '' : secret)
    const key = `${appId} ${hash}`
    return andThen(database.authorityRevision(), (revision) => {
      const remembered = memory.recall(revision, key, clock.now())
      if (remembered !== undefined) return remembered
      return andThen(store.secretByHash(appId, hash), (row) => {
        const nowMs = clock.now()
        if (row === undefined || !secretEquals(hash, row.secret_hash) || nowMs < row.starts_at_ms) {
          return refuse(appId, hash)
        }
        const check = judge(row, nowMs)
        if (check.outcome === 'proved') memory.keep(revision, key, check, row.expires_at_ms)
        return check
      })
    })
  }
}

/** Until when a credential of another kind stands by itself; undefined where it is none of that kind, or has ended. */
export type StandingLookup = (objectId: string, credentialId: string) => Promise<number | undefined>

/** Whether what was proved once still stands: the principal is there and enabled, and so is the credential. */
export function createStandingCheck(
  database: Database,
  clock: Clock,
  store: DirectoryStore,
  otherKinds: readonly StandingLookup[],
) {
  const memory = new AuthorityMemory<{ readonly objectIdText: string; readonly credentialId: string | undefined }>(
    memoryLimit,
  )

  /** Until when it stands by itself, or undefined. */
  async function standsUntilMs(objectId: string, credentialId: string | undefined): Promise<number | undefined> {
    if (credentialId === undefined) {
      const principal = (await store.servicePrincipalById(objectId)) ?? (await store.userById(objectId))
      return principal?.enabled === 1 ? Number.POSITIVE_INFINITY : undefined
    }
    const credential =
      (await store.secretOf(objectId, credentialId)) ?? (await store.certificateOf(objectId, credentialId))
    if (credential === undefined) {
      const machine = await store.machineCredential(objectId, credentialId)
      if (machine !== undefined) {
        return machine.enabled === 1 && machine.machine_enabled === 1 ? Number.POSITIVE_INFINITY : undefined
      }
      for (const lookUp of otherKinds) {
        const untilMs = await lookUp(objectId, credentialId)
        if (untilMs !== undefined) return untilMs
      }
      return undefined
    }
    if (credential.enabled !== 1 || clock.now() < credential.starts_at_ms) return undefined
    return credential.expires_at_ms
  }

  // Asked with every token that is issued: nothing is put together or parsed for what is remembered.
  return (objectIdText: string, credentialId: string | undefined): boolean | Promise<boolean> =>
    andThen(database.authorityRevision(), (revision) => {
      const key = credentialId ?? objectIdText
      const known = memory.recall(revision, key, clock.now())
      if (known?.objectIdText === objectIdText && known.credentialId === credentialId) return true
      const objectId = parseGuid(objectIdText)
      if (objectId === undefined) return false
      return andThen(standsUntilMs(objectId, credentialId), (untilMs) => {
        if (untilMs === undefined || clock.now() >= untilMs) return false
        memory.keep(revision, key, { objectIdText, credentialId }, untilMs)
        return true
      })
    })
}
