import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ScopeMapRow } from '../scope-maps/rows.ts'
import type { StoredScopeMap } from '../scope-maps/scope-map-rights.ts'
import type { ScopedTokenRow, PasswordRow, SecretRow } from './rows.ts'

type ScopedTokenTables = { scoped_token: ScopedTokenRow; scoped_token_password: PasswordRow; scope_map: ScopeMapRow }

/** The SQL of scoped tokens and their passwords. */
export function createScopedTokenStore(database: Database) {
  return { ...signInReads(database), ...managementReads(database), ...writes }
}

export type ScopedTokenStore = ReturnType<typeof createScopedTokenStore>

function within(transaction: Transaction) {
  return transaction.tables<ScopedTokenTables>()
}

function signInReads(database: Database) {
  const secrets = database.prepare<ScopedTokenTables, { rid: string; name: string }, SecretRow>(
    ['rid', 'name'],
    (tables, p) =>
      tables
        .selectFrom('scoped_token')
        .innerJoin('scoped_token_password', 'scoped_token_password.token_id', 'scoped_token.id')
        .select([
          'scoped_token.id as token_id',
          'scoped_token.name as token_name',
          'scoped_token.enabled',
          'scoped_token_password.id',
          'scoped_token_password.name',
          'scoped_token_password.hash',
          'scoped_token_password.expires_at_ms',
        ])
        .where('scoped_token.rid', '=', p.rid)
        .where('scoped_token.name_key', '=', p.name),
  )
  const standing = database.prepare<
    ScopedTokenTables,
    { rid: string; token: string; password: string },
    Pick<PasswordRow, 'expires_at_ms'>
  >(['rid', 'token', 'password'], (tables, p) =>
    tables
      .selectFrom('scoped_token')
      .innerJoin('scoped_token_password', 'scoped_token_password.token_id', 'scoped_token.id')
      .select('scoped_token_password.expires_at_ms')
      .where('scoped_token.id', '=', p.token)
      .where('scoped_token.rid', '=', p.rid)
      .where('scoped_token.enabled', '=', 1)
      .where('scoped_token_password.id', '=', p.password),
  )
  const actions = database.prepare<ScopedTokenTables, { token: string }, StoredScopeMap>(['token'], (tables, p) =>
    tables
      .selectFrom('scoped_token')
      .leftJoin('scope_map', (join) =>
        join
          .onRef('scope_map.rid', '=', 'scoped_token.rid')
          .onRef('scope_map.name_key', '=', 'scoped_token.scope_map_key'),
      )
      .select(['scoped_token.scope_map_key', 'scope_map.name as map_name', 'scope_map.actions'])
      .where('scoped_token.id', '=', p.token),
  )

  return {
    secretsByName: (rid: string, nameKey: string) => secrets.all({ rid, name: nameKey }),
    /** The password, if the password exists and the token is enabled. */
    standingPassword: (rid: string, tokenId: string, passwordId: string) =>
      standing.first({ rid, token: tokenId, password: passwordId }),
    /** The token's scope map. */
    scopeMapOf: (tokenId: string) => actions.first({ token: tokenId }),
  }
}

function managementReads(database: Database) {
  const read = () => database.tables<ScopedTokenTables>()
  const from = (source: Transaction | undefined) => (source === undefined ? read() : within(source))

  return {
    list: (rid: string) =>
      read().selectFrom('scoped_token').selectAll().where('rid', '=', rid).orderBy('name_key').execute(),
    /** The next tokens by name, each with the actions of its scope map; null for a system-defined scope map. */
    withActions: (rid: string, afterNameKey: string, limit: number) =>
      read()
        .selectFrom('scoped_token')
        .leftJoin('scope_map', (join) =>
          join
            .onRef('scope_map.rid', '=', 'scoped_token.rid')
            .onRef('scope_map.name_key', '=', 'scoped_token.scope_map_key'),
        )
        .select([
          'scoped_token.name',
          'scoped_token.name_key',
          'scoped_token.scope_map_id',
          'scoped_token.scope_map_key',
          'scoped_token.enabled',
          'scope_map.name as map_name',
          'scope_map.actions',
        ])
        .where('scoped_token.rid', '=', rid)
        .where('scoped_token.name_key', '>', afterNameKey)
        .orderBy('scoped_token.name_key')
        .limit(limit)
        .execute(),
    passwordsInRegistry: (rid: string) =>
      read()
        .selectFrom('scoped_token_password')
        .innerJoin('scoped_token', 'scoped_token.id', 'scoped_token_password.token_id')
        .selectAll('scoped_token_password')
        .where('scoped_token.rid', '=', rid)
        .orderBy('scoped_token_password.name')
        .execute(),
    find: (source: Transaction | undefined, rid: string, nameKey: string) =>
      from(source)
        .selectFrom('scoped_token')
        .selectAll()
        .where('rid', '=', rid)
        .where('name_key', '=', nameKey)
        .executeTakeFirst(),
    passwords: (source: Transaction | undefined, tokenId: string) =>
      from(source)
        .selectFrom('scoped_token_password')
        .selectAll()
        .where('token_id', '=', tokenId)
        .orderBy('name')
        .execute(),
    count: async (source: Transaction | undefined, rid: string) => {
      const { count } = await from(source)
        .selectFrom('scoped_token')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('rid', '=', rid)
        .executeTakeFirstOrThrow()
      return count
    },
    /** The names of the first tokens with a scope map. */
    namesWithScopeMap: async (transaction: Transaction, rid: string, scopeMapKey: string) => {
      const rows = await within(transaction)
        .selectFrom('scoped_token')
        .select('name')
        .where('rid', '=', rid)
        .where('scope_map_key', '=', scopeMapKey)
        .orderBy('name_key')
        .limit(3)
        .execute()
      return rows.map(({ name }) => name)
    },
  }
}

const writes = {
  insert: (transaction: Transaction, row: ScopedTokenRow) =>
    within(transaction).insertInto('scoped_token').values(row).execute(),
  update: (transaction: Transaction, { id, scope_map_key, scope_map_id, enabled, authorship }: ScopedTokenRow) =>
    within(transaction)
      .updateTable('scoped_token')
      .set({ scope_map_key, scope_map_id, enabled, authorship })
      .where('id', '=', id)
      .execute(),
  remove: async (transaction: Transaction, tokenId: string) => {
    await within(transaction).deleteFrom('scoped_token_password').where('token_id', '=', tokenId).execute()
    await within(transaction).deleteFrom('scoped_token').where('id', '=', tokenId).execute()
  },
  removeOf: async (transaction: Transaction, rid: string) => {
    const tables = within(transaction)
    await tables
      .deleteFrom('scoped_token_password')
      .where('token_id', 'in', tables.selectFrom('scoped_token').select('id').where('rid', '=', rid))
      .execute()
    await tables.deleteFrom('scoped_token').where('rid', '=', rid).execute()
  },
  removePasswords: (transaction: Transaction, tokenId: string, names: readonly string[]) =>
    within(transaction)
      .deleteFrom('scoped_token_password')
      .where('token_id', '=', tokenId)
      .where('name', 'in', [...names])
      .execute(),
  insertPassword: (transaction: Transaction, row: PasswordRow) =>
    within(transaction).insertInto('scoped_token_password').values(row).execute(),
}
