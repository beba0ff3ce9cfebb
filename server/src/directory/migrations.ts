import type { Migration } from '../platform/sql/migrations.ts'
import { applicationOwnerMigration } from './applications/application-owner-store.ts'
import { applicationSignInMigration } from './applications/application-sign-in-store.ts'
import { externalPrincipalMigration } from './external/external-principal-store.ts'
import { externalIdentityMigration } from './external/external-user-store.ts'
import { authenticationRevisionMigration, peopleMigration } from './people/people-migration.ts'
import { managedIdentityMigration } from './workloads/managed-identity-migration.ts'

/** The tables of the directory. Names that are found in any case are stored in lower case too. */
export const directoryMigrations: readonly Migration[] = [
  {
    id: 'directory-0001-principals',
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
        .execute()
      await schema
        .createIndex('directory_user_by_name')
        .on('directory_user')
        .columns(['display_name_key', 'object_id'])
        .execute()
      await schema
        .createTable('application')
        .addColumn('object_id', types.text, (column) => column.primaryKey())
        .addColumn('app_id', types.text, (column) => column.notNull().unique())
        .addColumn('display_name', types.text, (column) => column.notNull())
        .addColumn('display_name_key', types.text, (column) => column.notNull())
        .addColumn('owner_id', types.text)
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createIndex('application_by_name')
        .on('application')
        .columns(['display_name_key', 'object_id'])
        .execute()
      await schema.createIndex('application_by_owner').on('application').columns(['owner_id', 'object_id']).execute()
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
        .createTable('service_principal')
        .addColumn('object_id', types.text, (column) => column.primaryKey())
        .addColumn('app_id', types.text, (column) => column.notNull().unique())
        .addColumn('application_id', types.text, (column) => column.notNull().unique())
        .addColumn('enabled', types.integer, (column) => column.notNull())
        .addColumn('directory_role', types.text)
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .execute()
    },
  },
  managedIdentityMigration,
  applicationSignInMigration,
  externalPrincipalMigration,
  peopleMigration,
  externalIdentityMigration,
  authenticationRevisionMigration,
  applicationOwnerMigration,
]
