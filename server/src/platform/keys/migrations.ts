import type { Migration } from '../sql/migrations.ts'

/** The tables of the signing keys of all rings, and of the wrapped data key. */
export const signingKeyMigrations: readonly Migration[] = [
  {
    id: 'keys-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('signing_key')
        .addColumn('purpose', types.text, (column) => column.notNull())
        .addColumn('kid', types.text, (column) => column.notNull())
        .addColumn('public_jwk', types.text, (column) => column.notNull())
        .addColumn('sealed_private_jwk', types.bytes, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('verifies_until_ms', types.integer)
        .addPrimaryKeyConstraint('signing_key_key', ['purpose', 'kid'])
        .execute()
      await schema
        .createTable('data_key')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('kind', types.text, (column) => column.notNull())
        .addColumn('wrapped_key', types.bytes, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .execute()
    },
  },
]
