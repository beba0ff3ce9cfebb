import { randomBytes } from 'node:crypto'
import type { Clock } from '../platform/process/clock.ts'
import { hashSecret, secretEquals } from '../platform/keys/sealing.ts'
import { AuthorityMemory, andThen } from '../platform/memory/authority-memory.ts'
import type { Database } from '../platform/sql/database.ts'
import { type RegistryRights, noRights } from './repository-rights.ts'
import { rightsOfStoredScopeMap } from './scope-map-rights.ts'
import type { ScopedTokenStore, SecretRow } from './scoped-token-store.ts'
import { scopedTokenPasswordNames } from './scoped-tokens.ts'

/** Which password of which token was proved; both ids are of what was there then, and of nothing made later. */
export type ScopedTokenProof = { readonly tokenId: string; readonly passwordId: string }

/** Sign-in by a scoped token. */
export interface ScopedTokenSignIn {
  /**
   * Proves a token by its name, in any case, and a password. A name that nobody has costs what a wrong password costs,
   * and is refused as one is.
   */
  verifyScopedTokenPassword(
    rid: string,
    name: string,
    password: string,
  ): Promise<
    { readonly proof: ScopedTokenProof; readonly name: string; readonly expiresAtMs: number | undefined } | undefined
  >
  /** The same, and why it was refused, for whoever reads decisions: it costs what the proof costs. */
  checkScopedTokenPassword(
    rid: string,
    name: string,
    password: string,
  ): Promise<'proved' | 'unknown-name' | 'wrong-password' | 'expired-password' | 'disabled'>
  /** Whether what was proved still stands: both are there, the token is enabled, and the password has not expired. */
  scopedTokenStands(rid: string, proof: ScopedTokenProof): boolean | Promise<boolean>
}

/** How many tokens are remembered: what one with a large scope map may do weighs some 100 KB. */
const memoryLimit = 2_000

/** No name is longer than 50 characters and no password longer than 52; what is far longer is not worth its hash. */
const longestName = 64
const longestPassword = 1024

/** Opens the sign-in by scoped tokens, and what a token may do. */
export function createScopedTokenSignIn(
  database: Database,
  store: ScopedTokenStore,
  clock: Clock,
): ScopedTokenSignIn & {
  readonly rightsOfToken: (tokenId: string) => RegistryRights | Promise<RegistryRights>
} {
  const standingMemory = new AuthorityMemory<true>(memoryLimit)
  const rightsMemory = new AuthorityMemory<RegistryRights>(memoryLimit)

  /** The row of the password, whether it may be used or not, and whether the name has any. */
  async function findSecret(rid: string, name: string, password: string) {
    const hash = hashSecret(password.length > longestPassword ? '' : password)
    const rows = await store.secretsByName(rid, name.length > longestName ? '' : name.toLowerCase())
    let found: SecretRow | undefined
    // Both are compared, and what is not there is compared with noise: the time tells nothing.
    for (const passwordName of scopedTokenPasswordNames) {
      const row = rows.find((candidate) => candidate.name === passwordName)
      const equal = secretEquals(row?.hash ?? randomBytes(hash.length), hash)
      if (equal && row !== undefined) found = row
    }
    return { found, hasName: rows.length > 0 }
  }

  const isExpired = ({ expires_at_ms: expiresAtMs }: SecretRow) => expiresAtMs !== null && clock.now() >= expiresAtMs

  return {
    verifyScopedTokenPassword: async (rid, name, password) => {
      const { found } = await findSecret(rid, name, password)
      if (found === undefined || found.enabled !== 1 || isExpired(found)) return undefined
      const { token_id: tokenId, id: passwordId, token_name: tokenName, expires_at_ms: expiresAtMs } = found
      return { proof: { tokenId, passwordId }, name: tokenName, expiresAtMs: expiresAtMs ?? undefined }
    },

    checkScopedTokenPassword: async (rid, name, password) => {
      const { found, hasName } = await findSecret(rid, name, password)
      if (found === undefined) return hasName ? 'wrong-password' : 'unknown-name'
      if (found.enabled !== 1) return 'disabled'
      return isExpired(found) ? 'expired-password' : 'proved'
    },

    scopedTokenStands: (rid, { tokenId, passwordId }) => {
      const key = `${rid} ${tokenId} ${passwordId}`
      return andThen(database.authorityRevision(), (revision) => {
        if (standingMemory.recall(revision, key, clock.now()) === true) return true
        return andThen(store.standingPassword(rid, tokenId, passwordId), (row) => {
          if (row === undefined) return false
          const untilMs = row.expires_at_ms ?? Infinity
          if (clock.now() >= untilMs) return false
          standingMemory.keep(revision, key, true, untilMs)
          return true
        })
      })
    },

    rightsOfToken: (tokenId) =>
      andThen(database.authorityRevision(), (revision) => {
        const known = rightsMemory.recall(revision, tokenId, clock.now())
        if (known !== undefined) return known
        return andThen(store.actionsOf(tokenId), (row) => {
          if (row === undefined) return noRights
          const rights = rightsOfStoredScopeMap(row)
          rightsMemory.keep(revision, tokenId, rights, Infinity)
          return rights
        })
      }),
  }
}
