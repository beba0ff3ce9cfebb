import type { Migration } from '../sql/migrations.ts'

/** The tables of the processes that share a database. */
export const processMigrations: readonly Migration[] = [
  {
    id: 'processes-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('server_process')
        .addColumn('id', types.text, (column) => column.primaryKey().notNull())
        .addColumn('beat', types.integer, (column) => column.notNull())
        .addColumn('host', types.text)
        .addColumn('version', types.text)
        .addColumn('started_at_ms', types.integer)
        .addColumn('seen_at_ms', types.integer)
        .execute()
      await schema
        .createTable('process_claim')
        .addColumn('name', types.text, (column) => column.primaryKey().notNull())
        .addColumn('process', types.text, (column) => column.notNull())
        .execute()
    },
  },
]
