import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. Names that are found in any case are stored in lower case too. */
export const directoryMigrations: readonly Migration[] = [
  {
    id: 'directory-0001-tables',
    up: async (schema, types) => {
      await schema
        .createTable('tenant')
        .addColumn('only', types.integer, (column) => column.primaryKey())
        .addColumn('tenant_id', types.text, (column) => column.notNull())
        .addColumn('display_name', types.text, (column) => column.notNull())
        .addColumn('default_domain', types.text, (column) => column.notNull())
        .execute()
      await schema
        .createTable('directory_user')
        .addColumn('object_id', types.text, (column) => column.primaryKey())
        .addColumn('user_principal_name', types.text, (column) => column.notNull())
        .addColumn('user_principal_name_key', types.text, (column) => column.notNull().unique())
        .addColumn('display_name', types.text, (column) => column.notNull())
        .addColumn('display_name_key', types.text, (column) => column.notNull())
        .addColumn('password_hash', types.text, (column) => column.notNull())
        .addColumn('enabled', types.integer, (column) => column.notNull())
        .addColumn('directory_role', types.text)
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('mail', types.text)
        .addColumn('mail_nickname', types.text)
        .addColumn('must_change_password', types.integer, (column) => column.notNull().defaultTo(0))
        .addColumn('password_changed_at_ms', types.integer)
        .addColumn('external', types.integer, (column) => column.notNull().defaultTo(0))
        .addColumn('proof_revision', types.integer, (column) => column.notNull().defaultTo(0))
        .execute()
      await schema
        .createIndex('directory_user_by_name')
        .on('directory_user')
        .columns(['display_name_key', 'object_id'])
        .execute()
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
      await schema
        .createTable('application')
        .addColumn('object_id', types.text, (column) => column.primaryKey())
        .addColumn('app_id', types.text, (column) => column.notNull().unique())
        .addColumn('display_name', types.text, (column) => column.notNull())
        .addColumn('display_name_key', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createIndex('application_by_name')
        .on('application')
        .columns(['display_name_key', 'object_id'])
        .execute()
      await schema
        .createTable('application_uri')
        .addColumn('uri_key', types.text, (column) => column.primaryKey())
        .addColumn('uri', types.text, (column) => column.notNull())
        .addColumn('application_id', types.text, (column) => column.notNull())
        .execute()
      await schema
        .createIndex('application_uri_by_application')
        .on('application_uri')
        .columns(['application_id', 'uri_key'])
        .execute()
      await schema
        .createTable('application_owner')
        .addColumn('application_id', types.text, (column) => column.notNull())
        .addColumn('owner_id', types.text, (column) => column.notNull())
        .execute()
      await schema
        .createIndex('application_owner_by_owner')
        .on('application_owner')
        .columns(['owner_id', 'application_id'])
        .execute()
      await schema
        .createIndex('application_owner_key')
        .on('application_owner')
        .columns(['application_id', 'owner_id'])
        .unique()
        .execute()
      await schema
        .createTable('application_sign_in')
        .addColumn('application_id', types.text, (column) => column.primaryKey())
        .addColumn('redirect_uris', types.text, (column) => column.notNull())
        .addColumn('is_fallback_public_client', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('service_principal')
        .addColumn('object_id', types.text, (column) => column.primaryKey())
        .addColumn('app_id', types.text, (column) => column.notNull().unique())
        .addColumn('application_id', types.text, (column) => column.notNull().unique())
        .addColumn('enabled', types.integer, (column) => column.notNull())
        .addColumn('directory_role', types.text)
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .execute()
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
        .createTable('external_principal')
        .addColumn('object_id', types.text, (column) => column.primaryKey())
        .addColumn('tenant_id', types.text, (column) => column.notNull())
        .addColumn('kind', types.text, (column) => column.notNull())
        .addColumn('credential_id', types.text, (column) => column.notNull().unique())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('external_identity')
        .addColumn('issuer', types.text, (column) => column.notNull())
        .addColumn('subject', types.text, (column) => column.notNull())
        .addColumn('object_id', types.text, (column) => column.notNull())
        .addColumn('signed_in_at_ms', types.integer)
        .addColumn('stands_until_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('external_identity_key', ['issuer', 'subject'])
        .addUniqueConstraint('external_identity_of_user', ['object_id', 'issuer'])
        .execute()
      await schema.createIndex('external_identity_by_end').on('external_identity').column('stands_until_ms').execute()
      await schema
        .createTable('external_group')
        .addColumn('issuer', types.text, (column) => column.notNull())
        .addColumn('value', types.text, (column) => column.notNull())
        .addColumn('group_id', types.text, (column) => column.notNull().unique())
        .addPrimaryKeyConstraint('external_group_key', ['issuer', 'value'])
        .execute()
    },
  },
  {
    id: 'directory-0002-graph-details',
    worksFor: 'any',
    up: async (schema, types) => {
      await schema
        .alterTable('service_principal')
        .addColumn('assignment_required', types.integer, (column) => column.notNull().defaultTo(0))
        .execute()
      await schema
        .alterTable('application_sign_in')
        .addColumn('is_fallback_named', types.integer, (column) => column.notNull().defaultTo(0))
        .execute()
    },
  },
]
