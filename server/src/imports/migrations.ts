import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of image imports. Their ids begin with `registry` because they once belonged to that module. */
export const importMigrations: readonly Migration[] = [
  {
    id: 'registry-0005-imports',
    up: async (schema, types) => {
      await schema
        .createTable('import_operation')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('asker', types.text, (column) => column.notNull())
        .addColumn('state', types.text, (column) => column.notNull())
        .addColumn('reason', types.text)
        .addColumn('message', types.text)
        .addColumn('touched_at_ms', types.integer, (column) => column.notNull())
        .execute()
    },
  },
  {
    id: 'registry-0006-import-event',
    up: (schema, types) => schema.alterTable('import_operation').addColumn('event', types.text).execute(),
  },
]
