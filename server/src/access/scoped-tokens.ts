import { randomBytes } from 'node:crypto'
import type { Clock } from '../platform/process/clock.ts'
import { hashSecret } from '../platform/keys/sealing.ts'
import type { Transaction } from '../platform/sql/database.ts'
import { acrPassword, acrPasswordRandomBytes } from '../standards/azure/acr-password.ts'
import { type Author, type Authorship, authorshipAfter } from './authorship.ts'
import type { RightInQuestion } from './explain.ts'
import { rightsOfStoredScopeMap } from './scope-map-rights.ts'
import type { PasswordRow, ScopedTokenRow, ScopedTokenStore } from './scoped-token-store.ts'

export type ScopedTokenPasswordName = 'password1' | 'password2'

/** The names of the two passwords that a token may have, in the order in which ARM lists them. */
export const scopedTokenPasswordNames: readonly ScopedTokenPasswordName[] = ['password1', 'password2']

/** What can be read of a password after it was made. */
export type ScopedTokenPassword = {
  readonly name: ScopedTokenPasswordName
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
}

export type ScopedToken = {
  /** 32 hexadecimal digits; a token that is deleted and made again gets others. */
  readonly id: string
  readonly name: string
  /** The ARM id of its scope map as it was sent. */
  readonly scopeMapId: string
  readonly enabled: boolean
  readonly passwords: readonly ScopedTokenPassword[]
  readonly authorship: Authorship
}

/** A password when it is made, which is the only time that it can be read. */
export type NewScopedTokenPassword = ScopedTokenPassword & { readonly value: string }

/** A token whose scope map allows what was asked; whether it could sign in is another matter. */
export type AllowedScopedToken = Pick<ScopedToken, 'name' | 'scopeMapId' | 'enabled'>

/** The next tokens that are allowed something, and after which name there may be more; fewer than were asked for may come. */
export type AllowedScopedTokens = { readonly tokens: readonly AllowedScopedToken[]; readonly next: string | undefined }

/** How many tokens one page looks through: some milliseconds. */
const examinedAtOnce = 2_000

/** The scoped tokens of each registry: names with up to two passwords and a scope map. Names differ in more than case. */
export interface ScopedTokens {
  /** All of a registry, in the order of their names. */
  list(rid: string): Promise<ScopedToken[]>
  /** With a transaction, what that sees. */
  find(rid: string, name: string, transaction?: Transaction): Promise<ScopedToken | undefined>
  count(rid: string, transaction?: Transaction): Promise<number>
  /** Those that may do something on a repository, in the order of their names, from after one on. */
  allowing(rid: string, asked: RightInQuestion, afterName: string, limit: number): Promise<AllowedScopedTokens>
  /**
   * Makes a token, or gives the one of that name another scope map and status; its passwords stay. The caller sees to it
   * that the name can be one and that the scope map is there.
   */
  put(
    transaction: Transaction,
    rid: string,
    token: Pick<ScopedToken, 'name' | 'scopeMapId' | 'enabled'> & { readonly scopeMapName: string },
    author: Author,
  ): Promise<{ readonly token: ScopedToken; readonly created: boolean }>
  /** Gives false when there is none. */
  delete(transaction: Transaction, rid: string, name: string): Promise<boolean>
  /** Makes passwords in the place of those of the same name. */
  generatePasswords(
    transaction: Transaction,
    token: ScopedToken,
    names: readonly ScopedTokenPasswordName[],
    expiresAtMs: number | undefined,
  ): Promise<NewScopedTokenPassword[]>
  /** Takes passwords away, and gives what the token is after that. */
  deletePasswords(
    transaction: Transaction,
    token: ScopedToken,
    names: readonly ScopedTokenPasswordName[],
  ): Promise<ScopedToken>
}

/** Opens the scoped tokens. */
export function createScopedTokens(store: ScopedTokenStore, clock: Clock): ScopedTokens {
  return {
    list: async (rid) => {
      const [tokens, passwords] = await Promise.all([store.list(rid), store.passwordsInRegistry(rid)])
      const byToken = Map.groupBy(passwords, ({ token_id }) => token_id)
      return tokens.map((row) => toToken(row, byToken.get(row.id) ?? []))
    },
    find: async (rid, name, transaction) => {
      const row = await store.find(transaction, rid, name.toLowerCase())
      return row === undefined ? undefined : toToken(row, await store.passwords(transaction, row.id))
    },
    count: (rid, transaction) => store.count(transaction, rid),
    allowing: async (rid, { right, repository }, afterName, limit) => {
      const rows = await store.withActions(rid, afterName.toLowerCase(), examinedAtOnce)
      const byMap = new Map<string, boolean>()
      const tokens: AllowedScopedToken[] = []
      for (const row of rows) {
        const { name, name_key, scope_map_key, scope_map_id } = row
        const known = byMap.get(scope_map_key)
        const allows = known ?? rightsOfStoredScopeMap(row).allows(right, repository)
        byMap.set(scope_map_key, allows)
        if (allows) tokens.push({ name, scopeMapId: scope_map_id, enabled: row.enabled === 1 })
        if (tokens.length === limit) return { tokens, next: name_key }
      }
      return { tokens, next: rows.length < examinedAtOnce ? undefined : rows.at(-1)?.name_key }
    },
    put: async (transaction, rid, { name, scopeMapName, scopeMapId, enabled }, author) => {
      const nameKey = name.toLowerCase()
      const present = await store.find(transaction, rid, nameKey)
      const before = present && toToken(present, await store.passwords(transaction, present.id))
      const row: ScopedTokenRow = {
        id: before?.id ?? randomBytes(16).toString('hex'),
        rid,
        name_key: nameKey,
        name: before?.name ?? name,
        scope_map_key: scopeMapName.toLowerCase(),
        scope_map_id: scopeMapId,
        enabled: enabled ? 1 : 0,
        authorship: JSON.stringify(authorshipAfter(before?.authorship, author, clock.now())),
      }
      if (before === undefined) await store.insert(transaction, row)
      else {
        transaction.changesAuthority()
        await store.update(transaction, row)
      }
      return { token: { ...toToken(row, []), passwords: before?.passwords ?? [] }, created: before === undefined }
    },
    delete: async (transaction, rid, name) => {
      const row = await store.find(transaction, rid, name.toLowerCase())
      if (row === undefined) return false
      transaction.changesAuthority()
      await store.remove(transaction, row.id)
      return true
    },
    generatePasswords: async (transaction, { id }, names, expiresAtMs) => {
      transaction.changesAuthority()
      await store.removePasswords(transaction, id, names)
      const made: NewScopedTokenPassword[] = []
      for (const name of names) {
        const password = {
          name,
          createdAtMs: clock.now(),
          expiresAtMs,
          value: acrPassword(randomBytes(acrPasswordRandomBytes)),
        }
        await store.insertPassword(transaction, toPasswordRow(id, password))
        made.push(password)
      }
      return made
    },
    deletePasswords: async (transaction, token, names) => {
      transaction.changesAuthority()
      await store.removePasswords(transaction, token.id, names)
      return { ...token, passwords: token.passwords.filter(({ name }) => !names.includes(name)) }
    },
  }
}

function toToken(row: ScopedTokenRow, passwords: readonly PasswordRow[]): ScopedToken {
  return {
    id: row.id,
    name: row.name,
    scopeMapId: row.scope_map_id,
    enabled: row.enabled === 1,
    passwords: passwords.map(({ name, created_at_ms, expires_at_ms }) => ({
      name: name as ScopedTokenPasswordName,
      createdAtMs: created_at_ms,
      expiresAtMs: expires_at_ms ?? undefined,
    })),
    authorship: JSON.parse(row.authorship) as Authorship,
  }
}

function toPasswordRow(
  tokenId: string,
  { name, createdAtMs, expiresAtMs, value }: NewScopedTokenPassword,
): PasswordRow {
  return {
    id: randomBytes(16).toString('hex'),
    token_id: tokenId,
    name,
    hash: hashSecret(value),
    created_at_ms: createdAtMs,
    expires_at_ms: expiresAtMs ?? null,
  }
}
