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
  {
    id: 'processes-0002-descriptions',
    worksFor: 'any',
    up: async (schema, types) => {
      const table = () => schema.alterTable('server_process')
      await table().addColumn('host', types.text).execute()
      await table().addColumn('version', types.text).execute()
      await table().addColumn('started_at_ms', types.integer).execute()
      await table().addColumn('seen_at_ms', types.integer).execute()
    },
  },
]
