import type { SchemaModule } from 'kysely'
import type { ColumnTypes, Migration } from '../../platform/sql/migrations.ts'

/** Columns of users, and the tables of groups. */
export const peopleMigration: Migration = {
  id: 'directory-0003-people',
  up: async (schema, types) => {
    await addUserColumns(schema, types)
    await createGroupTables(schema, types)
  },
}

/** Adds the column that tells earlier authentications of a user from valid ones. */
export const authenticationRevisionMigration: Migration = {
  id: 'directory-0009-proof-revision',
  up: async (schema, types) => {
    await schema
      .alterTable('directory_user')
      .addColumn('proof_revision', types.integer, (column) => column.notNull().defaultTo(0))
      .execute()
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
