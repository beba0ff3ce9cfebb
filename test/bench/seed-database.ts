import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestDatabase } from '../harness/postgres.ts'

/** A database that is filled by statements. */
export interface SeedDatabase extends Disposable {
  columns(table: string): readonly string[]
  /** The only value of a query. */
  value(query: string): string
  /** Runs `insert` with a table `number`, whose column `n` has the numbers from 1 to `count`. Returns the number of rows. */
  insertNumbered(count: number, insert: string): number
  /** An expression for a number as text with leading zeros. */
  hexadecimal(number: string, digits: number): string
  decimal(number: string, digits: number): string
}

/** The database of a server that is not running. */
export function seedSqlite(dataDir: string): SeedDatabase {
  const database = new DatabaseSync(join(dataDir, 'acrux.db'))
  database.exec('pragma synchronous = off; begin')
  return {
    columns: (table) =>
      database
        .prepare('select name from pragma_table_info(?)')
        .all(table)
        .map((row) => String(row['name'])),
    value: (query) => String(Object.values(database.prepare(query).get() ?? {})[0]),
    insertNumbered(count, insert) {
      const numbers = `number (n) as (select 1 union all select n + 1 from number where n < ${count})`
      return Number(database.prepare(`with recursive ${numbers} insert ${insert}`).run().changes)
    },
    hexadecimal: (number, digits) => `printf('%0${digits}x', ${number})`,
    decimal: (number, digits) => `printf('%0${digits}d', ${number})`,
    [Symbol.dispose]() {
      database.exec('commit; pragma wal_checkpoint(truncate)')
      database.close()
    },
  }
}

/**
 * Does the work of the triggers for all rows at once: for each of 100,000 rows, they would change the same rows, and read
 * all their versions. A server of an earlier version, with which this one is compared, has one row for each registry.
 */
const countUsage = (hasParts: boolean): string => `
  insert into repository_usage (repository_id, rid, size_bytes) select id, rid, 0 from repository on conflict do nothing;
  update repository_usage set size_bytes =
    coalesce((select sum(size_bytes) from manifest where manifest.repository_id = repository_usage.repository_id), 0)
    + coalesce((select sum(size_bytes) from repository_blob join blob using (digest)
                where repository_blob.repository_id = repository_usage.repository_id), 0);
  update registry_blob set holder_count = (select count(*) from repository_blob join repository on id = repository_id
    where repository.rid = registry_blob.rid and repository_blob.digest = registry_blob.digest);
  delete from ${hasParts ? 'registry_usage_part' : 'registry_usage'};
  insert into ${hasParts ? 'registry_usage_part' : 'registry_usage'} (rid, ${hasParts ? 'part, ' : ''}size_bytes)
    select rid, ${hasParts ? `'', ` : ''}sum(size_bytes) from (
      select rid, size_bytes from registry_blob
      union all select rid, size_bytes from manifest join repository on id = repository_id) as counted group by rid`

/** A database on PostgreSQL. */
export function seedPostgres(database: TestDatabase): SeedDatabase {
  const query = (sql: string): string => database.query(sql)
  const columns = (table: string) =>
    query(`select column_name from information_schema.columns where table_name = '${table}'`).split('\n')
  return {
    columns,
    value: query,
    insertNumbered(count, insert) {
      query(`do $$ begin
        set local session_replication_role = replica;
        with number (n) as (select cast(generate_series(1, ${count}) as bigint)) insert ${insert};
        if not found then raise exception 'nothing was inserted'; end if;
      end $$`)
      return count
    },
    hexadecimal: (number, digits) => `lpad(to_hex(${number}), ${digits}, '0')`,
    decimal: (number, digits) => `lpad(cast(${number} as text), ${digits}, '0')`,
    [Symbol.dispose]() {
      query(countUsage(columns('registry_usage_part').includes('part')))
      query('vacuum analyze')
    },
  }
}
