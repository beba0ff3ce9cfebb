import { type CreateTableBuilder, type SchemaModule, sql } from 'kysely'
import type { Transaction } from '../platform/sql/database.ts'
import type { ColumnTypes, Migration } from '../platform/sql/migrations.ts'
import { writeHead } from './chain/chain-store.ts'

/** The migration that creates the head of the log. The caller seals the head: see `sealFirstHead`. */
export const headMigration = 'audit-0001-baseline'

/** The tables of this module. */
export const auditMigrations: readonly Migration[] = [
  {
    id: headMigration,
    up: async (schema, types, transaction) => {
      await createEventTable(schema, types, transaction)
      await schema
        .createTable('audit_block')
        .addColumn('number', types.integer, (column) => column.primaryKey())
        .addColumn('made_at_ms', types.integer, (column) => column.notNull())
        .addColumn('previous_hash', types.text, (column) => column.notNull())
        .addColumn('hash', types.text, (column) => column.notNull())
        .addColumn('entries', types.bytes, (column) => column.notNull())
        .addColumn('covers_to', types.integer, (column) => column.notNull())
        .addColumn('settled_to', types.integer, (column) => column.notNull())
        .addColumn('horizon', types.integer, (column) => column.notNull())
        .addColumn('first_at_ms', types.integer, (column) => column.notNull())
        .addColumn('last_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('audit_webhook')
        .addColumn('name', types.text, (column) => column.primaryKey())
        .addColumn('url', types.text, (column) => column.notNull())
        .addColumn('enabled', types.integer, (column) => column.notNull())
        .addColumn('filter', types.text, (column) => column.notNull())
        .addColumn('sealed_secret', types.bytes, (column) => column.notNull())
        .addColumn('sealed_previous', types.bytes)
        .addColumn('previous_until_ms', types.integer, (column) => column.notNull())
        .addColumn('block', types.integer, (column) => column.notNull())
        .addColumn('entry', types.integer, (column) => column.notNull())
        .addColumn('failures', types.integer, (column) => column.notNull())
        .addColumn('next_attempt_ms', types.integer, (column) => column.notNull())
        .addColumn('last_delivery_ms', types.integer)
        .addColumn('last_error', types.text)
        .addColumn('claimed_until_ms', types.integer, (column) => column.notNull())
        .addColumn('after_seq', types.integer, (column) => column.notNull().defaultTo(0))
        .addColumn('awaited_seqs', types.text, (column) => column.notNull().defaultTo('[]'))
        .execute()
      await schema
        .createTable('credential_use')
        .addColumn('actor_kind', types.text, (column) => column.notNull())
        .addColumn('actor_id', types.text, (column) => column.notNull())
        .addColumn('credential_id', types.text, (column) => column.notNull())
        .addColumn('last_used_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('credential_use_key', ['actor_kind', 'actor_id', 'credential_id'])
        .execute()
      await schema
        .createTable('audit_head')
        .addColumn('id', types.integer, (column) => column.primaryKey())
        .addColumn('seal', types.bytes, (column) => column.notNull())
        .execute()
      // The caller seals the head in the same transaction: see sealFirstHead.
      await writeHead(transaction, new Uint8Array())
    },
  },
]

async function createEventTable(schema: SchemaModule, types: ColumnTypes, transaction: Transaction): Promise<void> {
  const table = await addSequence(schema.createTable('audit_event'), types, transaction)
  await table
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
    .addColumn('credential_kind', types.text)
    .addColumn('credential_id', types.text)
    .execute()
}

/**
 * Adds the number of an event as the key. In SQLite, the key is the row id, so that only one tree is written. In
 * PostgreSQL, a number can be assigned long before the commit. The transaction gets an id first, so that every
 * transaction with a number is among the running transactions of a snapshot.
 */
async function addSequence<Name extends string, Columns extends string>(
  table: CreateTableBuilder<Name, Columns>,
  types: ColumnTypes,
  transaction: Transaction,
) {
  switch (transaction.kind) {
    case 'sqlite':
      return table.addColumn('seq', types.integer, (column) => column.primaryKey())
    case 'postgres': {
      await sql`create sequence audit_event_number`.execute(transaction.tables())
      const next = sql`case when pg_current_xact_id() is not null then nextval('audit_event_number') end`
      return table.addColumn('seq', types.integer, (column) => column.primaryKey().defaultTo(next))
    }
  }
}
