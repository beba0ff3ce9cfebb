import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. */
export const credentialMigrations: readonly Migration[] = [
  {
    id: 'credentials-0001-tables',
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
      await schema
        .createTable('federated_credential')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('credential_id', types.text, (column) => column.notNull().unique())
        .addColumn('holder_id', types.text, (column) => column.notNull())
        .addColumn('app_id', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('name_key', types.text, (column) => column.notNull())
        .addColumn('issuer', types.text, (column) => column.notNull())
        .addColumn('audience', types.text, (column) => column.notNull())
        .addColumn('subject', types.text)
        .addColumn('claims_expression', types.text)
        .addColumn('trust_key', types.text, (column) => column.notNull())
        .addColumn('trust_text', types.text, (column) => column.notNull())
        .addColumn('description', types.text)
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addUniqueConstraint('federated_credential_by_name', ['holder_id', 'name_key'])
        .addUniqueConstraint('federated_credential_by_trust', ['holder_id', 'issuer', 'trust_text'])
        .execute()
      await schema
        .createIndex('federated_credential_by_application')
        .on('federated_credential')
        .columns(['app_id', 'issuer'])
        .execute()
      await schema
        .createIndex('federated_credential_by_issuer')
        .on('federated_credential')
        .columns(['issuer', 'trust_key'])
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
      await schema
        .createTable('sign_in')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('object_id', types.text, (column) => column.notNull())
        .addColumn('client_id', types.text, (column) => column.notNull())
        .addColumn('methods', types.text, (column) => column.notNull())
        .addColumn('authenticated_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull().defaultTo(0))
        .addColumn('last_used_at_ms', types.integer, (column) => column.notNull().defaultTo(0))
        .addColumn('remote_address', types.text)
        .addColumn('user_agent', types.text)
        .execute()
      await schema.createIndex('sign_in_by_user').on('sign_in').columns(['object_id', 'expires_at_ms']).execute()
      await schema
        .createTable('known_network')
        .addColumn('object_id', types.text, (column) => column.notNull())
        .addColumn('network', types.text, (column) => column.notNull())
        .addColumn('seen_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('known_network_key', ['object_id', 'network'])
        .execute()
      await schema
        .createTable('password_failure')
        .addColumn('bucket', types.integer, (column) => column.primaryKey())
        .addColumn('failures', types.integer, (column) => column.notNull())
        .addColumn('since_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('totp')
        .addColumn('object_id', types.text, (column) => column.primaryKey())
        .addColumn('sealed_secret', types.bytes, (column) => column.notNull())
        .addColumn('confirmed', types.integer, (column) => column.notNull())
        .addColumn('last_step', types.integer, (column) => column.notNull())
        .addColumn('failures', types.integer, (column) => column.notNull())
        .addColumn('failures_since_ms', types.integer, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('failures_in_row', types.integer, (column) => column.notNull().defaultTo(0))
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
      await schema
        .createTable('enrolment_code')
        .addColumn('object_id', types.text, (column) => column.primaryKey())
        .addColumn('code_hash', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('security_event')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('object_id', types.text, (column) => column.notNull())
        .addColumn('kind', types.text, (column) => column.notNull())
        .addColumn('count', types.integer, (column) => column.notNull())
        .addColumn('first_at_ms', types.integer, (column) => column.notNull())
        .addColumn('at_ms', types.integer, (column) => column.notNull())
        .addColumn('remote_address', types.text, (column) => column.notNull())
        .addColumn('user_agent', types.text)
        .addColumn('detail', types.text, (column) => column.notNull())
        .execute()
      await schema
        .createIndex('security_event_by_user')
        .on('security_event')
        .columns(['object_id', 'kind', 'at_ms'])
        .execute()
    },
  },
  {
    id: 'credentials-0002-password-guesses',
    up: async (schema, types) => {
      await schema
        .createTable('password_guess')
        .addColumn('key', types.text, (column) => column.primaryKey().notNull())
        .addColumn('whole_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema.createIndex('password_guess_by_time').on('password_guess').column('whole_at_ms').execute()
    },
  },
  {
    id: 'credentials-0003-one-time-links',
    up: async (schema, types) => {
      await schema
        .createTable('one_time_link')
        .addColumn('object_id', types.text, (column) => column.primaryKey())
        .addColumn('code_hash', types.text, (column) => column.notNull().unique())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .execute()
    },
  },
  {
    id: 'credentials-0004-secret-creation',
    worksFor: 'any',
    up: async (schema, types) => {
      await schema
        .alterTable('client_secret')
        .addColumn('created_at_ms', types.integer, (column) => column.notNull().defaultTo(0))
        .execute()
    },
  },
  {
    id: 'credentials-0005-creators',
    worksFor: 'any',
    up: async (schema, types) => {
      for (const table of ['one_time_link', 'enrolment_code', 'enrollment_code']) {
        await schema.alterTable(table).addColumn('created_by', types.text).execute()
      }
    },
  },
]
