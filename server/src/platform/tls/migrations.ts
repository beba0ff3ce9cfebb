import type { Migration } from '../sql/migrations.ts'

/** The table of the certificate authority of an installation. */
export const authorityMigrations: readonly Migration[] = [
  {
    id: 'tls-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('certificate_authority')
        .addColumn('certificate', types.text, (column) => column.primaryKey())
        .addColumn('sealed_key', types.bytes, (column) => column.notNull())
        .execute()
    },
  },
]
