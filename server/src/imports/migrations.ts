import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of this module. */
export const importMigrations: readonly Migration[] = [
  {
    id: 'imports-0001-baseline',
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
        .addColumn('process', types.text)
        .addColumn('rid', types.text)
        .addColumn('started_at_ms', types.integer)
        .addColumn('image', types.text)
        .addColumn('cancelled_at_ms', types.integer)
        .execute()
      await schema.createIndex('import_operation_by_registry').on('import_operation').column('rid').execute()
    },
  },
]
