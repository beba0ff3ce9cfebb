import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. */
export const identityMigrations: readonly Migration[] = [
  {
    id: 'identity-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('handle')
        .addColumn('hash', types.text, (column) => column.primaryKey())
        .addColumn('kind', types.text, (column) => column.notNull())
        .addColumn('data', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .addColumn('kept_until_ms', types.integer, (column) => column.notNull())
        .addColumn('used_at_ms', types.integer)
        .addColumn('object_id', types.text)
        .addColumn('sign_in_id', types.text)
        .execute()
      await schema.createIndex('handle_by_end').on('handle').columns(['kept_until_ms', 'hash']).execute()
      await schema
        .createIndex('handle_by_person')
        .on('handle')
        .columns(['object_id', 'kind', 'created_at_ms', 'hash'])
        .execute()
      await schema
        .createTable('used_assertion')
        .addColumn('id_hash', types.text, (column) => column.primaryKey())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema.createIndex('used_assertion_by_end').on('used_assertion').column('expires_at_ms').execute()
    },
  },
]
