import { applicationOwnerMigration } from './applications/application-owner-store.ts'
import { applicationSignInMigration } from './applications/application-sign-in-store.ts'
import type { Migration } from '../platform/sql/migrations.ts'
import { externalIdentityMigration } from './external/external-identity-store.ts'
import { externalPrincipalMigration } from './external/external-principal-store.ts'
import { federatedCredentialMigration } from './credentials/federated-credential-store.ts'
import { managedIdentityMigration } from './managed-identities/managed-identity-migration.ts'
import { enrolmentCodeMigration } from './people/enrolment-code-store.ts'
import {
  peopleMigration,
  proofRevisionMigration,
  totpFailuresMigration,
  signInUseMigration,
} from './people/people-migration.ts'
import { securityEventMigration } from './people/security-event-store.ts'

/** The tables of the directory room. Names that are looked up without regard to case are kept in lower case as well. */
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
  {
    id: 'directory-0002-credentials',
    up: async (schema, types) => {
      await schema
        .createTable('client_secret')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('holder_id', types.text, (column) => column.notNull())
        .addColumn('app_id', types.text, (column) => column.notNull())
        .addColumn('display_name', types.text)
        .addColumn('hint', types.text, (column) => column.notNull())
        .addColumn('secret_hash', types.text, (column) => column.notNull())
        .addColumn('starts_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createIndex('client_secret_by_hash')
        .on('client_secret')
        .columns(['app_id', 'secret_hash'])
        .unique()
        .execute()
      await schema.createIndex('client_secret_by_holder').on('client_secret').columns(['holder_id', 'id']).execute()
      await schema
        .createTable('client_certificate')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('holder_id', types.text, (column) => column.notNull())
        .addColumn('app_id', types.text, (column) => column.notNull())
        .addColumn('key_id', types.text, (column) => column.notNull())
        .addColumn('display_name', types.text)
        .addColumn('thumbprint', types.text, (column) => column.notNull())
        .addColumn('starts_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .addColumn('der', types.bytes, (column) => column.notNull())
        .addUniqueConstraint('client_certificate_by_holder', ['holder_id', 'key_id'])
        .execute()
      await schema
        .createIndex('client_certificate_by_thumbprint')
        .on('client_certificate')
        .columns(['app_id', 'thumbprint'])
        .execute()
    },
  },
  managedIdentityMigration,
  applicationSignInMigration,
  federatedCredentialMigration,
  externalPrincipalMigration,
  peopleMigration,
  externalIdentityMigration,
  proofRevisionMigration,
  applicationOwnerMigration,
  securityEventMigration,
  totpFailuresMigration,
  signInUseMigration,
  enrolmentCodeMigration,
]
