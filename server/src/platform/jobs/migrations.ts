import type { Migration } from '../sql/migrations.ts'

/** The tables of the processes that share a database. */
export const processMigrations: readonly Migration[] = [
  {
    id: 'processes-0001-tables',
    up: async (schema, types) => {
      await schema
        .createTable('server_process')
        .addColumn('id', types.text, (column) => column.primaryKey().notNull())
        .addColumn('beat', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('process_claim')
        .addColumn('name', types.text, (column) => column.primaryKey().notNull())
        .addColumn('process', types.text, (column) => column.notNull())
        .execute()
    },
  },
]
