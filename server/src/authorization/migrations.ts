import type { SchemaModule } from 'kysely'
import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. */
export const accessMigrations: readonly Migration[] = [
  {
    id: 'access-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('role_definition')
        .addColumn('name', types.text, (column) => column.primaryKey())
        .addColumn('role_name_key', types.text, (column) => column.notNull().unique())
        .addColumn('role_name', types.text, (column) => column.notNull())
        .addColumn('description', types.text, (column) => column.notNull())
        .addColumn('permissions', types.text, (column) => column.notNull())
        .addColumn('assignable_scopes', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('created_by', types.text, (column) => column.notNull())
        .addColumn('updated_at_ms', types.integer, (column) => column.notNull())
        .addColumn('updated_by', types.text, (column) => column.notNull())
        .execute()
      await schema
        .createTable('role_assignment')
        .addColumn('scope_key', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('scope', types.text, (column) => column.notNull())
        .addColumn('role_definition_name', types.text, (column) => column.notNull())
        .addColumn('principal_id', types.text, (column) => column.notNull())
        .addColumn('principal_type', types.text, (column) => column.notNull())
        .addColumn('condition', types.text)
        .addColumn('condition_version', types.text)
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('created_by', types.text, (column) => column.notNull())
        .addColumn('description', types.text)
        .addColumn('updated_at_ms', types.integer)
        .addColumn('updated_by', types.text)
        .addPrimaryKeyConstraint('role_assignment_key', ['scope_key', 'name'])
        .addUniqueConstraint('role_assignment_once', ['principal_id', 'scope_key', 'role_definition_name'])
        .execute()
      await schema
        .createTable('scope_map')
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('name_key', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('description', types.text)
        .addColumn('actions', types.text, (column) => column.notNull())
        .addColumn('authorship', types.text, (column) => column.notNull())
        .addPrimaryKeyConstraint('scope_map_key', ['rid', 'name_key'])
        .execute()
      await schema
        .createTable('scoped_token')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('name_key', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('scope_map_key', types.text, (column) => column.notNull())
        .addColumn('scope_map_id', types.text, (column) => column.notNull())
        .addColumn('enabled', types.integer, (column) => column.notNull())
        .addColumn('authorship', types.text, (column) => column.notNull())
        .addUniqueConstraint('scoped_token_once', ['rid', 'name_key'])
        .execute()
      await schema
        .createIndex('scoped_token_by_scope_map')
        .on('scoped_token')
        .columns(['rid', 'scope_map_key'])
        .execute()
      await schema
        .createTable('scoped_token_password')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('token_id', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('hash', types.bytes, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer)
        .addUniqueConstraint('scoped_token_password_once', ['token_id', 'name'])
        .execute()
      await schema
        .createTable('anonymous_access')
        .addColumn('rid', types.text, (column) => column.primaryKey())
        .addColumn('scope_map_key', types.text, (column) => column.notNull())
        .addColumn('scope_map_id', types.text, (column) => column.notNull())
        .addColumn('authorship', types.text, (column) => column.notNull())
        .execute()
      await createAssignmentIndexes(schema)
    },
  },
]

/** The indexes of the lists of assignments. SQLite uses the second index for principals only if the index is unique. */
async function createAssignmentIndexes(schema: SchemaModule): Promise<void> {
  await schema.createIndex('role_assignment_by_name').on('role_assignment').column('name').unique().execute()
  await schema
    .createIndex('role_assignment_by_role_and_scope')
    .on('role_assignment')
    .columns(['role_definition_name', 'scope_key', 'name'])
    .execute()
  await schema
    .createIndex('role_assignment_by_principal_and_scope')
    .on('role_assignment')
    .columns(['principal_id', 'scope_key', 'name'])
    .execute()
  // A principal has a role at a scope once, so the index needs no name.
  await schema
    .createIndex('role_assignment_by_principal_and_role')
    .on('role_assignment')
    .columns(['principal_id', 'role_definition_name', 'scope_key'])
    .unique()
    .execute()
  // This index supports reading the assignments at a registry and above the registry in the order of principals.
  await schema
    .createIndex('role_assignment_by_scope_and_principal')
    .on('role_assignment')
    .columns(['scope_key', 'principal_id'])
    .execute()
}
