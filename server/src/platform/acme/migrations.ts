import type { Migration } from '../sql/migrations.ts'

/** The tables of the accounts at ACME providers, and of the certificates that the providers issued. */
export const acmeMigrations: readonly Migration[] = [
  {
    id: 'acme-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('acme_account')
        .addColumn('directory', types.text, (column) => column.primaryKey().notNull())
        .addColumn('sealed_private_jwk', types.bytes, (column) => column.notNull())
        .addColumn('url', types.text)
        .execute()
      await schema
        .createTable('acme_certificate')
        .addColumn('host', types.text, (column) => column.primaryKey().notNull())
        .addColumn('directory', types.text, (column) => column.notNull())
        .addColumn('chain', types.text, (column) => column.notNull())
        .addColumn('sealed_key', types.bytes, (column) => column.notNull())
        .execute()
      await schema
        .createTable('acme_challenge')
        .addColumn('host', types.text, (column) => column.primaryKey().notNull())
        .addColumn('token', types.text, (column) => column.notNull())
        .addColumn('key_authorization', types.text, (column) => column.notNull())
        .execute()
      await schema
        .createTable('acme_failure')
        .addColumn('host', types.text, (column) => column.primaryKey().notNull())
        .addColumn('failed_at_ms', types.integer, (column) => column.notNull())
        .addColumn('failures', types.integer, (column) => column.notNull())
        .addColumn('reason', types.text, (column) => column.notNull())
        .addColumn('retry_at_ms', types.integer, (column) => column.notNull())
        .execute()
    },
  },
]
