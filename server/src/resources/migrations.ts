import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. */
export const resourcesMigrations: readonly Migration[] = [
  {
    id: 'resources-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('subscription')
        .addColumn('subscription_id', types.text, (column) => column.primaryKey())
        .addColumn('tenant_id', types.text, (column) => column.notNull())
        .addColumn('display_name', types.text, (column) => column.notNull())
        .execute()
      await schema
        .createTable('resource_group')
        .addColumn('subscription_id', types.text, (column) => column.notNull())
        .addColumn('name_key', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('location', types.text, (column) => column.notNull())
        .addColumn('tags', types.text, (column) => column.notNull())
        .addColumn('managed_by', types.text)
        .addPrimaryKeyConstraint('resource_group_key', ['subscription_id', 'name_key'])
        .execute()
      await schema
        .createTable('registry')
        .addColumn('rid', types.text, (column) => column.primaryKey())
        .addColumn('subscription_id', types.text, (column) => column.notNull())
        .addColumn('resource_group_key', types.text, (column) => column.notNull())
        .addColumn('resource_group', types.text, (column) => column.notNull())
        .addColumn('name_key', types.text, (column) => column.notNull().unique())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('login_server', types.text, (column) => column.notNull().unique())
        .addColumn('properties', types.text, (column) => column.notNull())
        .addColumn('has_public_host', types.integer, (column) => column.notNull().defaultTo(0))
        .execute()
      await schema
        .createIndex('registry_by_group')
        .on('registry')
        .columns(['subscription_id', 'resource_group_key', 'name_key'])
        .execute()
      await schema
        .createTable('admin_password')
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('generation', types.integer, (column) => column.notNull())
        .addColumn('hash', types.bytes, (column) => column.notNull())
        .addColumn('sealed', types.bytes, (column) => column.notNull())
        .addPrimaryKeyConstraint('admin_password_key', ['rid', 'name'])
        .execute()
      await schema
        .createTable('registry_activity')
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('hour_ms', types.integer, (column) => column.notNull())
        .addColumn('total_pulls', types.integer, (column) => column.notNull())
        .addColumn('successful_pulls', types.integer, (column) => column.notNull())
        .addColumn('total_pushes', types.integer, (column) => column.notNull())
        .addColumn('successful_pushes', types.integer, (column) => column.notNull())
        .addColumn('sign_ins', types.integer, (column) => column.notNull())
        .addColumn('denials', types.integer, (column) => column.notNull())
        .addColumn('storage_bytes', types.integer)
        .addPrimaryKeyConstraint('registry_activity_key', ['rid', 'hour_ms'])
        .execute()
      await schema.createIndex('registry_activity_by_hour').on('registry_activity').column('hour_ms').execute()
    },
  },
]
