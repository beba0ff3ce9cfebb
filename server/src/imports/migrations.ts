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
]
