import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of the audit room. */
export const auditMigrations: readonly Migration[] = [
  {
    id: 'audit-0001-events',
    up: async (schema, types) => {
      await schema
        .createTable('audit_event')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('at_ms', types.integer, (column) => column.notNull())
        .addColumn('action', types.text, (column) => column.notNull())
        .addColumn('outcome', types.text, (column) => column.notNull())
        .addColumn('actor_kind', types.text, (column) => column.notNull())
        .addColumn('actor_id', types.text, (column) => column.notNull())
        .addColumn('target', types.text, (column) => column.notNull())
        .addColumn('reason', types.text)
        .addColumn('detail', types.text)
        .addColumn('correlation_id', types.text, (column) => column.notNull())
        .addColumn('remote_address', types.text, (column) => column.notNull())
        .addColumn('user_agent', types.text)
        .execute()
      await schema.createIndex('audit_event_at').on('audit_event').columns(['at_ms', 'id']).execute()
      await schema.createIndex('audit_event_correlation').on('audit_event').column('correlation_id').execute()
    },
  },
]
