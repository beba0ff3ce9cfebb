import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. */
export const importMigrations: readonly Migration[] = [
  {
    id: 'imports-0001-tables',
    up: async (schema, types) => {
      await schema
        .createTable('import_operation')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('asker', types.text, (column) => column.notNull())
        .addColumn('state', types.text, (column) => column.notNull())
        .addColumn('reason', types.text)
        .addColumn('message', types.text)
        .addColumn('touched_at_ms', types.integer, (column) => column.notNull())
        .addColumn('event', types.text)
        .execute()
    },
  },
  {
    id: 'imports-0002-process',
    up: async (schema, types) => {
      await schema.alterTable('import_operation').addColumn('process', types.text).execute()
    },
  },
  {
    id: 'imports-0003-list',
    worksFor: 'any',
    up: async (schema, types) => {
      const table = schema.alterTable('import_operation')
      await table.addColumn('rid', types.text).execute()
      await table.addColumn('started_at_ms', types.integer).execute()
      await table.addColumn('image', types.text).execute()
      await table.addColumn('cancelled_at_ms', types.integer).execute()
      await schema.createIndex('import_operation_by_registry').on('import_operation').column('rid').execute()
    },
  },
]
