import type { SchemaModule } from 'kysely'
import type { ColumnTypes, Migration } from '../../platform/sql/migrations.ts'

/** The tables of people and groups. */
export const peopleMigration: Migration = {
  id: 'directory-0003-people',
  up: async (schema, types) => {
    await addUserColumns(schema, types)
    await createSignInTables(schema, types)
    await createGroupTables(schema, types)
    await createSecondFactorTables(schema, types)
  },
}

/** Tells a proof that was made before something was taken away from one that was made after it. */
export const proofRevisionMigration: Migration = {
  id: 'directory-0009-proof-revision',
  up: async (schema, types) => {
    await schema
      .alterTable('directory_user')
      .addColumn('proof_revision', types.integer, (column) => column.notNull().defaultTo(0))
      .execute()
  },
}

/** Counts wrong codes of an authenticator app in a row. */
export const totpFailuresMigration: Migration = {
  id: 'directory-0012-totp-failures-in-row',
  up: async (schema, types) => {
    await schema
      .alterTable('totp')
      .addColumn('failures_in_row', types.integer, (column) => column.notNull().defaultTo(0))
      .execute()
  },
}

/** Adds when and where sign-ins were made and last used. */
export const signInUseMigration: Migration = {
  id: 'directory-0013-sign-in-use',
  up: async (schema, types) => {
    for (const name of ['created_at_ms', 'last_used_at_ms']) {
      await schema
        .alterTable('sign_in')
        .addColumn(name, types.integer, (column) => column.notNull().defaultTo(0))
        .execute()
    }
    await schema.alterTable('sign_in').addColumn('remote_address', types.text).execute()
    await schema.alterTable('sign_in').addColumn('user_agent', types.text).execute()
  },
}

async function addUserColumns(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await schema.alterTable('directory_user').addColumn('mail', types.text).execute()
  await schema.alterTable('directory_user').addColumn('mail_nickname', types.text).execute()
  await schema
    .alterTable('directory_user')
    .addColumn('must_change_password', types.integer, (column) => column.notNull().defaultTo(0))
    .execute()
  await schema.alterTable('directory_user').addColumn('password_changed_at_ms', types.integer).execute()
  await schema
    .alterTable('directory_user')
    .addColumn('external', types.integer, (column) => column.notNull().defaultTo(0))
    .execute()
}

async function createSignInTables(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('sign_in')
    .addColumn('id', types.text, (column) => column.primaryKey())
    .addColumn('object_id', types.text, (column) => column.notNull())
    .addColumn('client_id', types.text, (column) => column.notNull())
    .addColumn('methods', types.text, (column) => column.notNull())
    .addColumn('authenticated_at_ms', types.integer, (column) => column.notNull())
    .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
    .execute()
  await schema.createIndex('sign_in_by_user').on('sign_in').columns(['object_id', 'expires_at_ms']).execute()
  await schema
    .createTable('password_failure')
    .addColumn('bucket', types.integer, (column) => column.primaryKey())
    .addColumn('failures', types.integer, (column) => column.notNull())
    .addColumn('since_ms', types.integer, (column) => column.notNull())
    .execute()
  await schema
    .createTable('known_network')
    .addColumn('object_id', types.text, (column) => column.notNull())
    .addColumn('network', types.text, (column) => column.notNull())
    .addColumn('seen_at_ms', types.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('known_network_key', ['object_id', 'network'])
    .execute()
}

async function createGroupTables(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('directory_group')
    .addColumn('object_id', types.text, (column) => column.primaryKey())
    .addColumn('display_name', types.text, (column) => column.notNull())
    .addColumn('display_name_key', types.text, (column) => column.notNull())
    .addColumn('description', types.text)
    .addColumn('mail_nickname', types.text, (column) => column.notNull())
    .addColumn('mail_nickname_key', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.integer, (column) => column.notNull())
    .execute()
  await schema
    .createIndex('directory_group_by_name')
    .on('directory_group')
    .columns(['display_name_key', 'object_id'])
    .execute()
  await schema
    .createTable('group_owner')
    .addColumn('group_id', types.text, (column) => column.notNull())
    .addColumn('owner_id', types.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('group_owner_key', ['group_id', 'owner_id'])
    .execute()
  await schema.createIndex('group_owner_by_owner').on('group_owner').columns(['owner_id', 'group_id']).execute()
  await schema
    .createTable('group_member')
    .addColumn('group_id', types.text, (column) => column.notNull())
    .addColumn('member_id', types.text, (column) => column.notNull())
    .addColumn('member_kind', types.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('group_member_key', ['group_id', 'member_id'])
    .execute()
  await schema.createIndex('group_member_by_member').on('group_member').columns(['member_id', 'group_id']).execute()
}

async function createSecondFactorTables(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('totp')
    .addColumn('object_id', types.text, (column) => column.primaryKey())
    .addColumn('sealed_secret', types.bytes, (column) => column.notNull())
    .addColumn('confirmed', types.integer, (column) => column.notNull())
    .addColumn('last_step', types.integer, (column) => column.notNull())
    .addColumn('failures', types.integer, (column) => column.notNull())
    .addColumn('failures_since_ms', types.integer, (column) => column.notNull())
    .addColumn('created_at_ms', types.integer, (column) => column.notNull())
    .execute()
  await schema
    .createTable('passkey')
    .addColumn('id', types.text, (column) => column.primaryKey())
    .addColumn('object_id', types.text, (column) => column.notNull())
    .addColumn('credential_id', types.text, (column) => column.notNull().unique())
    .addColumn('public_key', types.bytes, (column) => column.notNull())
    .addColumn('counter', types.integer, (column) => column.notNull())
    .addColumn('transports', types.text, (column) => column.notNull())
    .addColumn('display_name', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.integer, (column) => column.notNull())
    .execute()
  await schema.createIndex('passkey_by_user').on('passkey').columns(['object_id', 'created_at_ms']).execute()
  await schema
    .createTable('recovery_code')
    .addColumn('object_id', types.text, (column) => column.notNull())
    .addColumn('code_hash', types.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('recovery_code_key', ['object_id', 'code_hash'])
    .execute()
}
