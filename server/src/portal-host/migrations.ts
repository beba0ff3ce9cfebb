import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. */
export const portalMigrations: readonly Migration[] = [
  {
    id: 'portal-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('portal_session')
        .addColumn('id_hash', types.text, (column) => column.primaryKey())
        .addColumn('object_id', types.text, (column) => column.notNull())
        .addColumn('sign_in_id', types.text, (column) => column.notNull())
        .addColumn('sealed_refresh_token', types.text, (column) => column.notNull())
        .addColumn('authenticated_at_ms', types.integer, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('last_seen_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema.createIndex('portal_session_by_person').on('portal_session').column('object_id').execute()
      await schema.createIndex('portal_session_by_last_seen').on('portal_session').column('last_seen_at_ms').execute()
    },
  },
]
