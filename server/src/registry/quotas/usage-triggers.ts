import { type Kysely, sql } from 'kysely'
import type { DatabaseKind, Transaction } from '../../platform/sql/database.ts'

/*
 * Triggers maintain the usage of registries and repositories: a blob is counted once for each repository that holds it, and
 * once for the registry. Computing a sum for each push would take longer the more content there is.
 *
 * The bytes of a registry are the sum of its parts, because on PostgreSQL each push changes a part: two pushes at the same
 * time that change the same row conflict, and one of them is repeated. With one row for each registry, 61 % of all transactions
 * were repeated while ten images were pushed at the same time.
 */

/** Creates the triggers that keep the counters, or replaces them. */
export async function createUsageTriggers(transaction: Transaction): Promise<void> {
  const tables = transaction.tables<unknown>()
  for (const trigger of triggersFor(transaction.kind)) await createTrigger(transaction, tables, trigger)
}

type Trigger = {
  readonly name: string
  readonly event: string
  readonly when?: string
  readonly statements: readonly string[]
}

const ridOf = (id: string): string => `(select rid from repository_usage where repository_id = ${id})`

/** The statement that adds bytes to the part of a registry that a repository changes. */
type AddToRegistry = (repositoryId: string, bytes: string) => string

function triggersFor(kind: DatabaseKind): readonly Trigger[] {
  // The end of a random UUID. SQLite has one writer, so nothing conflicts there.
  const partOf = (id: string): string => (kind === 'postgres' ? `right(${id}, 2)` : `''`)
  const addToRegistry: AddToRegistry = (id, bytes) =>
    `insert into registry_usage_part (rid, part, size_bytes) select rid, ${partOf(id)}, ${bytes}
     from repository_usage where repository_id = ${id}
     on conflict (rid, part) do update set size_bytes = registry_usage_part.size_bytes + excluded.size_bytes`
  return [...repositoryTriggers, ...blobTriggers(addToRegistry), ...manifestTriggers(addToRegistry)]
}

const repositoryTriggers: readonly Trigger[] = [
  {
    name: 'usage_of_new_repository',
    event: 'after insert on repository',
    statements: [
      `insert into repository_usage (repository_id, rid, size_bytes) values (new.id, new.rid, 0)
       on conflict (repository_id) do nothing`,
    ],
  },
  {
    // A repository and a registry are deleted when they are empty.
    name: 'usage_of_old_repository',
    event: 'after delete on repository',
    statements: ['delete from repository_usage where repository_id = old.id'],
  },
  {
    name: 'usage_of_old_registry',
    event: 'after delete on deleted_registry',
    statements: ['delete from registry_usage_part where rid = old.rid'],
  },
]

function blobTriggers(addToRegistry: AddToRegistry): readonly Trigger[] {
  /** The size of a blob whose only holder in the registry is this repository, and otherwise 0. */
  const sizeOfOnly = (row: 'old' | 'new'): string =>
    `coalesce((select size_bytes from registry_blob
     where rid = repository_usage.rid and digest = ${row}.digest and holder_count = 1), 0)`
  return [
    {
      name: 'usage_of_new_blob',
      event: 'after insert on repository_blob',
      statements: [
        `insert into registry_blob (rid, digest, size_bytes, holder_count)
         select repository_usage.rid, new.digest,
           coalesce((select size_bytes from blob where digest = new.digest), 0), 1
         from repository_usage where repository_id = new.repository_id
         on conflict (rid, digest) do update set holder_count = registry_blob.holder_count + 1`,
        `update repository_usage set size_bytes = size_bytes
           + (select size_bytes from registry_blob where rid = repository_usage.rid and digest = new.digest)
         where repository_id = new.repository_id`,
        addToRegistry('new.repository_id', sizeOfOnly('new')),
      ],
    },
    {
      name: 'usage_of_old_blob',
      event: 'after delete on repository_blob',
      statements: [
        `update repository_usage set size_bytes = size_bytes
           - coalesce((select size_bytes from registry_blob where rid = repository_usage.rid and digest = old.digest), 0)
         where repository_id = old.repository_id`,
        addToRegistry('old.repository_id', `-${sizeOfOnly('old')}`),
        `update registry_blob set holder_count = holder_count - 1
         where rid = ${ridOf('old.repository_id')} and digest = old.digest`,
        `delete from registry_blob
         where rid = ${ridOf('old.repository_id')} and digest = old.digest and holder_count = 0`,
      ],
    },
    {
      // A wrong size in a row was corrected.
      name: 'usage_of_resized_blob',
      event: 'after update of size_bytes on blob',
      when: 'new.size_bytes <> old.size_bytes',
      statements: [
        `update repository_usage set size_bytes = size_bytes + new.size_bytes - old.size_bytes
         where repository_id in (select repository_id from repository_blob where digest = new.digest)`,
        `update registry_usage_part set size_bytes = size_bytes + new.size_bytes - old.size_bytes
         where part = (select min(other.part) from registry_usage_part as other where other.rid = registry_usage_part.rid)
           and exists (select 1 from registry_blob where rid = registry_usage_part.rid and digest = new.digest)`,
        'update registry_blob set size_bytes = new.size_bytes where digest = new.digest',
      ],
    },
  ]
}

function manifestTriggers(addToRegistry: AddToRegistry): readonly Trigger[] {
  const add = (row: 'old' | 'new', sign: '+' | '-'): string[] => [
    `update repository_usage set size_bytes = size_bytes ${sign} ${row}.size_bytes where repository_id = ${row}.repository_id`,
    addToRegistry(`${row}.repository_id`, `${sign}${row}.size_bytes`),
  ]
  return [
    { name: 'usage_of_new_manifest', event: 'after insert on manifest', statements: add('new', '+') },
    { name: 'usage_of_old_manifest', event: 'after delete on manifest', statements: add('old', '-') },
    {
      name: 'usage_of_moved_manifest',
      event: 'after update of repository_id, size_bytes on manifest',
      statements: [...add('old', '-'), ...add('new', '+')],
    },
  ]
}

async function createTrigger(
  { kind }: Transaction,
  tables: Kysely<unknown>,
  { name, event, when, statements }: Trigger,
): Promise<void> {
  const body = statements.map((statement) => `${statement};`).join('\n')
  const condition = when === undefined ? '' : `when (${when})`
  switch (kind) {
    case 'sqlite':
      await sql.raw(`drop trigger if exists ${name}`).execute(tables)
      await sql.raw(`create trigger ${name} ${event} for each row ${condition} begin ${body} end`).execute(tables)
      return
    case 'postgres':
      await sql
        .raw(
          `create or replace function ${name}() returns trigger language plpgsql as $body$ begin ${body} return null; end $body$`,
        )
        .execute(tables)
      await sql
        .raw(`create or replace trigger ${name} ${event} for each row ${condition} execute function ${name}()`)
        .execute(tables)
  }
}
