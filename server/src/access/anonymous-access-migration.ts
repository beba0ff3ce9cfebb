import type { Migration } from '../platform/sql/migrations.ts'

/** The scope map that says what anybody may read of a registry, by the registry's id. */
export const anonymousAccessMigration: Migration = {
  id: 'access-0005-anonymous-access',
  up: async (schema, types) => {
    await schema
      .createTable('anonymous_access')
      .addColumn('rid', types.text, (column) => column.primaryKey())
      .addColumn('scope_map_key', types.text, (column) => column.notNull())
      .addColumn('scope_map_id', types.text, (column) => column.notNull())
      .addColumn('authorship', types.text, (column) => column.notNull())
      .execute()
  },
}
