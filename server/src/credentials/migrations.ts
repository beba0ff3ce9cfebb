import type { SchemaModule } from 'kysely'
import type { ColumnTypes, Migration } from '../platform/sql/migrations.ts'
import { federatedCredentialMigration } from './federation/federated-credential-store.ts'
import { enrolmentCodeMigration } from './second-factors/enrolment-code-store.ts'
import { securityEventMigration } from './security-events/security-event-store.ts'

/**
 * The tables of credentials. A step that once was a part of the directory keeps its id. The steps whose ids begin with
 * `credentials` split older steps of the directory, so their tables may exist.
 */
export const credentialMigrations: readonly Migration[] = [
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
  {
    id: 'credentials-0001-machines',
    up: async (schema, types) => {
      await schema
        .createTable('machine_key')
        .ifNotExists()
        .addColumn('machine_id', types.text, (column) => column.primaryKey())
        .addColumn('key_id', types.text, (column) => column.notNull().unique())
        .addColumn('public_key', types.text, (column) => column.notNull())
        .addColumn('enrolled_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('machine_credential')
        .ifNotExists()
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('machine_id', types.text, (column) => column.notNull())
        .addColumn('identity_id', types.text, (column) => column.notNull())
        .addUniqueConstraint('machine_credential_by_machine', ['machine_id', 'identity_id'])
        .execute()
      await schema
        .createIndex('machine_credential_by_identity')
        .ifNotExists()
        .on('machine_credential')
        .columns(['identity_id', 'machine_id'])
        .execute()
      await schema
        .createTable('enrollment_code')
        .ifNotExists()
        .addColumn('machine_id', types.text, (column) => column.primaryKey())
        .addColumn('code_hash', types.text, (column) => column.notNull().unique())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .execute()
    },
  },
  federatedCredentialMigration,
  {
    id: 'credentials-0002-people',
    up: async (schema, types) => {
      await createSignInTables(schema, types)
      await createSecondFactorTables(schema, types)
    },
  },
  securityEventMigration,
  {
    id: 'directory-0012-totp-failures-in-row',
    up: async (schema, types) => {
      await schema
        .alterTable('totp')
        .addColumn('failures_in_row', types.integer, (column) => column.notNull().defaultTo(0))
        .execute()
    },
  },
  {
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
  },
  enrolmentCodeMigration,
]

async function createSignInTables(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('sign_in')
    .ifNotExists()
    .addColumn('id', types.text, (column) => column.primaryKey())
    .addColumn('object_id', types.text, (column) => column.notNull())
    .addColumn('client_id', types.text, (column) => column.notNull())
    .addColumn('methods', types.text, (column) => column.notNull())
    .addColumn('authenticated_at_ms', types.integer, (column) => column.notNull())
    .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
    .execute()
  await schema
    .createIndex('sign_in_by_user')
    .ifNotExists()
    .on('sign_in')
    .columns(['object_id', 'expires_at_ms'])
    .execute()
  await schema
    .createTable('password_failure')
    .ifNotExists()
    .addColumn('bucket', types.integer, (column) => column.primaryKey())
    .addColumn('failures', types.integer, (column) => column.notNull())
    .addColumn('since_ms', types.integer, (column) => column.notNull())
    .execute()
  await schema
    .createTable('known_network')
    .ifNotExists()
    .addColumn('object_id', types.text, (column) => column.notNull())
    .addColumn('network', types.text, (column) => column.notNull())
    .addColumn('seen_at_ms', types.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('known_network_key', ['object_id', 'network'])
    .execute()
}

async function createSecondFactorTables(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('totp')
    .ifNotExists()
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
    .ifNotExists()
    .addColumn('id', types.text, (column) => column.primaryKey())
    .addColumn('object_id', types.text, (column) => column.notNull())
    .addColumn('credential_id', types.text, (column) => column.notNull().unique())
    .addColumn('public_key', types.bytes, (column) => column.notNull())
    .addColumn('counter', types.integer, (column) => column.notNull())
    .addColumn('transports', types.text, (column) => column.notNull())
    .addColumn('display_name', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.integer, (column) => column.notNull())
    .execute()
  await schema
    .createIndex('passkey_by_user')
    .ifNotExists()
    .on('passkey')
    .columns(['object_id', 'created_at_ms'])
    .execute()
  await schema
    .createTable('recovery_code')
    .ifNotExists()
    .addColumn('object_id', types.text, (column) => column.notNull())
    .addColumn('code_hash', types.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('recovery_code_key', ['object_id', 'code_hash'])
    .execute()
}
