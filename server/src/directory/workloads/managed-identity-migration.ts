import type { Migration } from '../../platform/sql/migrations.ts'

/** The table of managed identities. */
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
  },
}
