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

const rowsPerTransaction = 1000

/** A database on PostgreSQL. */
export function seedPostgres(database: TestDatabase): SeedDatabase {
  const query = (sql: string): string => database.query(sql)
  return {
    columns: (table) =>
      query(`select column_name from information_schema.columns where table_name = '${table}'`).split('\n'),
    value: query,
    insertNumbered(count, insert) {
      // A trigger changes the same row for each: in one transaction, each change would read all versions of it.
      query(`do $$ begin
        for start in 1..${count} by ${rowsPerTransaction} loop
          with number (n) as (select cast(generate_series(start, least(start + ${rowsPerTransaction - 1}, ${count})) as bigint))
            insert ${insert};
          if not found then raise exception 'nothing was inserted'; end if;
          commit;
        end loop;
      end $$`)
      return count
    },
    hexadecimal: (number, digits) => `lpad(to_hex(${number}), ${digits}, '0')`,
    decimal: (number, digits) => `lpad(cast(${number} as text), ${digits}, '0')`,
    [Symbol.dispose]() {
      query('vacuum analyze')
    },
  }
}
