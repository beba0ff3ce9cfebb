import { sql } from 'kysely'
import type { Migration } from '../../platform/sql/migrations.ts'

/** Creates the table of attached reports. */
export const createAttachedReports: Migration['up'] = async (schema, types) => {
  let table = schema
    .createTable('attached_report')
    .addColumn('repository_id', types.text, (column) => column.notNull())
    .addColumn('digest', types.text, (column) => column.notNull())
    .addColumn('subject_digest', types.text, (column) => column.notNull())
    .addColumn('by_tag', types.integer, (column) => column.notNull())
    .addColumn('state', types.text, (column) => column.notNull())
    .addColumn('attempts', types.integer, (column) => column.notNull())
    .addColumn('pushed_at_ms', types.integer, (column) => column.notNull())
    .addColumn('caller_key', types.text, (column) => column.notNull())
    .addColumn('counts', types.integer, (column) => column.notNull())
    .addColumn('is_summary', types.integer, (column) => column.notNull())
  for (const column of ['by_kind', 'by_id', 'by_name', 'kind', 'scanner', 'reason']) {
    table = table.addColumn(column, types.text)
  }
  for (const column of ['packages', 'critical', 'high', 'medium', 'low', 'unknown', 'fixable']) {
    table = table.addColumn(column, types.integer)
  }
  await table.addPrimaryKeyConstraint('attached_report_key', ['repository_id', 'digest']).execute()
  await schema
    .createIndex('attached_report_by_subject')
    .on('attached_report')
    .columns(['repository_id', 'subject_digest'])
    .execute()
  await schema
    .createIndex('attached_report_counting')
    .on('attached_report')
    .columns(['repository_id', 'subject_digest', 'pushed_at_ms', 'digest'])
    .where(sql<boolean>`counts = 1`)
    .execute()
  await schema
    .createIndex('attached_report_summary')
    .on('attached_report')
    .columns(['repository_id', 'subject_digest'])
    .where(sql<boolean>`is_summary = 1`)
    .execute()
  const waiting = { queue: ['pushed_at_ms', 'digest'], caller: ['caller_key'], repository: ['repository_id'] } as const
  for (const [name, columns] of Object.entries(waiting)) {
    await schema
      .createIndex(`attached_report_waiting_${name}`)
      .on('attached_report')
      .columns([...columns])
      .where(sql<boolean>`state = 'waiting'`)
      .execute()
  }
}
