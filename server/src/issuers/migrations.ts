import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. */
export const issuerMigrations: readonly Migration[] = [
  {
    id: 'issuers-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('upstream_transaction')
        .addColumn('state_hash', types.text, (column) => column.primaryKey())
        .addColumn('provider', types.text, (column) => column.notNull())
        .addColumn('browser_hash', types.text, (column) => column.notNull())
        .addColumn('sealed', types.bytes, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createIndex('upstream_transaction_by_end')
        .on('upstream_transaction')
        .column('expires_at_ms')
        .execute()
    },
  },
]
