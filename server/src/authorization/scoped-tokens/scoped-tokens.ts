import { acrPassword, acrPasswordRandomBytes } from '@acrux/shared/standards/azure/acr-password.ts'
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import { hashSecret, secretEquals } from '../../platform/keys/sealing.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Author } from '@acrux/shared/standards/azure/author.ts'
import { type Authorship, authorshipAfter } from '../rights/authorship.ts'
import type { RightInQuestion } from '../rights/model.ts'
import { rightsOfStoredScopeMap } from '../scope-maps/scope-map-rights.ts'
import type { ScopedTokenStore } from './scoped-token-store.ts'
import type { PasswordRow, ScopedTokenRow } from './rows.ts'

export type ScopedTokenPasswordName = 'password1' | 'password2'

/** The names of the two passwords that a token may have, in the order in which ARM lists them. */
export const scopedTokenPasswordNames: readonly ScopedTokenPasswordName[] = ['password1', 'password2']

/** The readable properties of a password. */
export type ScopedTokenPassword = {
  /** 32 hexadecimal digits. Never reused. */
  readonly id: string
  readonly name: ScopedTokenPasswordName
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
}

export type ScopedToken = {
  /** 32 hexadecimal digits. A token that is deleted and created again has another id. */
  readonly id: string
  readonly name: string
  /** The ARM id of the token's scope map, unchanged. */
  readonly scopeMapId: string
  readonly enabled: boolean
  readonly passwords: readonly ScopedTokenPassword[]
  readonly authorship: Authorship
}

/** A new password. The value cannot be read later. */
export type NewScopedTokenPassword = ScopedTokenPassword & { readonly value: string }

/** A token whose scope map allows a right. The token may be unable to sign in. */
export type AllowedScopedToken = Pick<ScopedToken, 'name' | 'scopeMapId' | 'enabled'>

/** Tokens with a right, possibly fewer than requested. More tokens may follow after the name `next`. */
export type AllowedScopedTokens = { readonly tokens: readonly AllowedScopedToken[]; readonly next: string | undefined }

/** How many tokens are examined for one page, in a few milliseconds. */
const maxExamined = 2_000

/** The scoped tokens of each registry: a name, up to two passwords and a scope map. Names are case-insensitive. */
export interface ScopedTokens {
  /** All tokens of a registry, by name. */
  list(rid: string): Promise<ScopedToken[]>
  /** With a transaction, as the transaction sees it. */
  find(rid: string, name: string, transaction?: Transaction): Promise<ScopedToken | undefined>
  count(rid: string, transaction?: Transaction): Promise<number>
  /** The tokens with a right on a repository, by name, beginning after a name. */
  allowing(rid: string, asked: RightInQuestion, afterName: string, limit: number): Promise<AllowedScopedTokens>
  /**
   * Creates a token, or changes the scope map and status of an existing one, whose passwords remain. The caller ensures
   * that the name is valid and the scope map exists.
   */
  put(
    transaction: Transaction,
    rid: string,
    token: Pick<ScopedToken, 'name' | 'scopeMapId' | 'enabled'> & { readonly scopeMapName: string },
    author: Author,
  ): Promise<{ readonly token: ScopedToken; readonly created: boolean }>
  /** Returns false if the token does not exist. */
  delete(transaction: Transaction, rid: string, name: string): Promise<boolean>
  /** Creates passwords, which replace passwords with the same names. */
  generatePasswords(
    transaction: Transaction,
    token: ScopedToken,
    names: readonly ScopedTokenPasswordName[],
    expiresAtMs: number | undefined,
  ): Promise<NewScopedTokenPassword[]>
  /** Creates a password with this value, which replaces the password with the same name. */
  setPassword(
    transaction: Transaction,
    token: Pick<ScopedToken, 'id'>,
    password: Pick<NewScopedTokenPassword, 'name' | 'value' | 'expiresAtMs'>,
  ): Promise<NewScopedTokenPassword>
  /** Whether the password with this name has this value, even if the password has expired. */
  hasPassword(
    token: Pick<ScopedToken, 'id'>,
    password: Pick<NewScopedTokenPassword, 'name' | 'value'>,
  ): Promise<boolean>
  /** Deletes passwords and returns the token after that. */
  deletePasswords(
    transaction: Transaction,
    token: ScopedToken,
    names: readonly ScopedTokenPasswordName[],
  ): Promise<ScopedToken>
}

/** Creates the scoped tokens. */
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
      const rows = await store.withActions(rid, afterName.toLowerCase(), maxExamined)
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
      return { tokens, next: rows.length < maxExamined ? undefined : rows.at(-1)?.name_key }
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
    ...createPasswords(store, clock),
    deletePasswords: async (transaction, token, names) => {
      transaction.changesAuthority()
      await store.removePasswords(transaction, token.id, names)
      return { ...token, passwords: token.passwords.filter(({ name }) => !names.includes(name)) }
    },
  }
}

type Passwords = Pick<ScopedTokens, 'generatePasswords' | 'setPassword' | 'hasPassword'>

function createPasswords(store: ScopedTokenStore, clock: Clock): Passwords {
  const setPassword: Passwords['setPassword'] = async (transaction, { id: tokenId }, { name, value, expiresAtMs }) => {
    transaction.changesAuthority()
    await store.removePasswords(transaction, tokenId, [name])
    const password = { id: randomBytes(16).toString('hex'), name, createdAtMs: clock.now(), expiresAtMs, value }
    await store.insertPassword(transaction, toPasswordRow(tokenId, password))
    return password
  }
  return {
    generatePasswords: async (transaction, token, names, expiresAtMs) => {
      const created: NewScopedTokenPassword[] = []
      for (const name of names) {
        const value = acrPassword(randomBytes(acrPasswordRandomBytes))
        created.push(await setPassword(transaction, token, { name, value, expiresAtMs }))
      }
      return created
    },
    setPassword,
    hasPassword: async ({ id }, { name, value }) => {
      const row = (await store.passwords(undefined, id)).find((password) => password.name === name)
      return row !== undefined && secretEquals(row.hash, hashSecret(value))
    },
  }
}

function toToken(row: ScopedTokenRow, passwords: readonly PasswordRow[]): ScopedToken {
  return {
    id: row.id,
    name: row.name,
    scopeMapId: row.scope_map_id,
    enabled: row.enabled === 1,
    passwords: passwords.map(({ id, name, created_at_ms, expires_at_ms }) => ({
      id,
      name: name as ScopedTokenPasswordName,
      createdAtMs: created_at_ms,
      expiresAtMs: expires_at_ms ?? undefined,
    })),
    authorship: JSON.parse(row.authorship) as Authorship,
  }
}

function toPasswordRow(
  tokenId: string,
  { id, name, createdAtMs, expiresAtMs, value }: NewScopedTokenPassword,
): PasswordRow {
  return {
    id,
    token_id: tokenId,
    name,
    hash: hashSecret(value),
    created_at_ms: createdAtMs,
    expires_at_ms: expiresAtMs ?? null,
  }
}
