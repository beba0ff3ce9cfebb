import type { Migration } from '../../platform/sql/migrations.ts'

/** The tables of managed identities, of the machines that may speak as them, and of how those are enrolled. */
export const managedIdentityMigration: Migration = {
  id: 'directory-0005-managed-identities',
  up: async (schema, types) => {
    await schema
      .createTable('managed_identity')
      .addColumn('object_id', types.text, (column) => column.primaryKey())
      .addColumn('kind', types.text, (column) => column.notNull())
      .addColumn('subscription_id', types.text, (column) => column.notNull())
      .addColumn('resource_group', types.text, (column) => column.notNull())
      .addColumn('resource_group_key', types.text, (column) => column.notNull())
      .addColumn('name', types.text, (column) => column.notNull())
      .addColumn('name_key', types.text, (column) => column.notNull())
      .addColumn('location', types.text, (column) => column.notNull())
      .addColumn('tags', types.text, (column) => column.notNull())
      .addColumn('created_at_ms', types.integer, (column) => column.notNull())
      .addUniqueConstraint('managed_identity_by_place', ['subscription_id', 'resource_group_key', 'kind', 'name_key'])
      .execute()
    await schema
      .createIndex('managed_identity_by_name')
      .on('managed_identity')
      .columns(['name_key', 'object_id'])
      .execute()
    await schema
      .createTable('machine_key')
      .addColumn('machine_id', types.text, (column) => column.primaryKey())
      .addColumn('key_id', types.text, (column) => column.notNull().unique())
      .addColumn('public_key', types.text, (column) => column.notNull())
      .addColumn('enrolled_at_ms', types.integer, (column) => column.notNull())
      .execute()
    await schema
      .createTable('machine_credential')
      .addColumn('id', types.text, (column) => column.primaryKey())
      .addColumn('machine_id', types.text, (column) => column.notNull())
      .addColumn('identity_id', types.text, (column) => column.notNull())
      .addUniqueConstraint('machine_credential_by_machine', ['machine_id', 'identity_id'])
      .execute()
    await schema
      .createIndex('machine_credential_by_identity')
      .on('machine_credential')
      .columns(['identity_id', 'machine_id'])
      .execute()
    await schema
      .createTable('enrollment_code')
      .addColumn('machine_id', types.text, (column) => column.primaryKey())
      .addColumn('code_hash', types.text, (column) => column.notNull().unique())
      .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
      .execute()
  },
}
