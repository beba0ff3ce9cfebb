import pg from 'pg'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'

/** The oldest supported major version. */
const oldestVersion = 15

type Facts = { version: number; product: string; isStandby: boolean; encoding: string }

/**
 * Selects properties of the server. Behind a pooler, the statement also returns the product and the version of the
 * server. [PostgreSQL, System Information Functions]
 */
const selectFacts = `select current_setting('server_version_num')::int as version, current_setting('server_version') as product,
  pg_is_in_recovery() as "isStandby", pg_encoding_to_char(encoding) as encoding
  from pg_database where datname = current_database()`

/**
 * Connects once to check the server.
 * @throws StartupError with the reason if the server cannot be reached, or if the server cannot be used for the
 * database
 */
export async function requireUsableServer(config: pg.ClientConfig): Promise<void> {
  const { host, port, database } = config
  const place = `the database ${database} at ${host?.includes(':') === true ? `[${host}]` : host}:${port}`
  const client = new pg.Client(config)
  // If the connection fails, the statement fails with the same error.
  client.on('error', () => undefined)
  const facts = await readFacts(client).catch((error: unknown) => {
    if (error instanceof StartupError) throw error
    throw unusable(`${place} cannot be used: ${reasonOf(error)}`, nextStepFor(error), error)
  })
  if (facts === undefined) throw unusable(`${place} reports no version`, 'set database to a PostgreSQL server')
  const { version, product, isStandby, encoding } = facts
  if (version < oldestVersion * 10_000) {
    throw unusable(
      `${place} has PostgreSQL version ${product}: the minimum version is ${oldestVersion}`,
      'upgrade PostgreSQL first',
    )
  }
  if (isStandby)
    throw unusable(`${place} is on a standby server, which accepts no writes`, 'set database to the primary')
  if (encoding !== 'UTF8') {
    throw unusable(`${place} has the encoding ${encoding}`, `create a database with: create database … encoding 'UTF8'`)
  }
}

async function readFacts(client: pg.Client): Promise<Facts | undefined> {
  await client.connect()
  try {
    return (await client.query<Facts>(selectFacts)).rows[0]
  } finally {
    await client.end()
  }
}

function reasonOf(error: unknown): string {
  if (isWithoutPassword(error)) return 'the database requires a password'
  // Node tries every address of a host, and reports all failures in one error. The first failure is reported here.
  return plainReason(error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error)
}

function isWithoutPassword(error: unknown): boolean {
  return error instanceof Error && /^SASL: .* password must be a string$/.test(error.message)
}

function nextStepFor(error: unknown): string {
  if (isWithoutPassword(error)) return 'set database.passwordFile or database.passwordCommand'
  const code = error instanceof pg.DatabaseError ? (error.code ?? '') : ''
  if (code.startsWith('28'))
    return 'check the user in the setting database, and the setting database.passwordFile or database.passwordCommand'
  if (code === '3D000') return `create the database with: create database … owner … encoding 'UTF8'`
  if (code !== '') return 'check the setting database, and the log of PostgreSQL'
  return 'check that PostgreSQL is running, and check the settings database and database.caFile'
}

function unusable(message: string, nextStep: string, cause?: unknown): StartupError {
  return new StartupError(message, exitCodes.databaseUnusable, nextStep, { cause })
}
