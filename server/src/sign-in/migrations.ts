import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. */
export const signInMigrations: readonly Migration[] = [
  {
    id: 'sign-in-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('browser_session')
        .addColumn('id_hash', types.text, (column) => column.primaryKey())
        .addColumn('last_seen_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema.createIndex('browser_session_by_last_seen').on('browser_session').column('last_seen_at_ms').execute()
      await schema
        .createTable('browser_account')
        .addColumn('id_hash', types.text, (column) => column.notNull())
        .addColumn('object_id', types.text, (column) => column.notNull())
        .addColumn('remaining', types.text, (column) => column.notNull())
        .addColumn('sign_in_id', types.text, (column) => column.notNull())
        .addColumn('methods', types.text, (column) => column.notNull())
        .addColumn('authenticated_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('browser_account_key', ['id_hash', 'sign_in_id'])
        .execute()
      await schema
        .createTable('user_consent')
        .addColumn('object_id', types.text, (column) => column.notNull())
        .addColumn('client_id', types.text, (column) => column.notNull())
        .addColumn('audience', types.text, (column) => column.notNull())
        .addColumn('given_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('user_consent_key', ['object_id', 'client_id', 'audience'])
        .execute()
      await schema.createIndex('user_consent_by_client').on('user_consent').column('client_id').execute()
      await schema
        .createTable('used_challenge')
        .addColumn('challenge_hash', types.text, (column) => column.primaryKey())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema.createIndex('used_challenge_by_expiry').on('used_challenge').column('expires_at_ms').execute()
    },
  },
]
