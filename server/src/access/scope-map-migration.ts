import type { Migration } from '../platform/sql/migrations.ts'

/**
 * Scope maps, scoped tokens and their passwords, by the id of the registry, of which one that is made again has another.
 * Names are kept as they were given, and beside them in lower case.
 */
export const scopeMapMigration: Migration = {
  id: 'access-0002-scope-maps',
  up: async (schema, types) => {
    await schema
      .createTable('scope_map')
      .addColumn('rid', types.text, (column) => column.notNull())
      .addColumn('name_key', types.text, (column) => column.notNull())
      .addColumn('name', types.text, (column) => column.notNull())
      .addColumn('description', types.text)
      .addColumn('actions', types.text, (column) => column.notNull())
      .addColumn('authorship', types.text, (column) => column.notNull())
      .addPrimaryKeyConstraint('scope_map_key', ['rid', 'name_key'])
      .execute()
    await schema
      .createTable('scoped_token')
      .addColumn('id', types.text, (column) => column.primaryKey())
      .addColumn('rid', types.text, (column) => column.notNull())
      .addColumn('name_key', types.text, (column) => column.notNull())
      .addColumn('name', types.text, (column) => column.notNull())
      .addColumn('scope_map_key', types.text, (column) => column.notNull())
      .addColumn('scope_map_id', types.text, (column) => column.notNull())
      .addColumn('enabled', types.integer, (column) => column.notNull())
      .addColumn('authorship', types.text, (column) => column.notNull())
      .addUniqueConstraint('scoped_token_once', ['rid', 'name_key'])
      .execute()
    await schema.createIndex('scoped_token_by_scope_map').on('scoped_token').columns(['rid', 'scope_map_key']).execute()
    await schema
      .createTable('scoped_token_password')
      .addColumn('id', types.text, (column) => column.primaryKey())
      .addColumn('token_id', types.text, (column) => column.notNull())
      .addColumn('name', types.text, (column) => column.notNull())
      .addColumn('hash', types.bytes, (column) => column.notNull())
      .addColumn('created_at_ms', types.integer, (column) => column.notNull())
      .addColumn('expires_at_ms', types.integer)
      .addUniqueConstraint('scoped_token_password_once', ['token_id', 'name'])
      .execute()
  },
}
