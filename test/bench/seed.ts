import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** What there is of each kind in a seeded registry, beside what was made by way of the server. */
export interface Sizes {
  /** Repositories with one image each, and principals with one secret and one role assignment each. */
  readonly repositories: number
  /** Further tags, spread over the repositories. */
  readonly tags?: number
  /** Custom roles of the first principal's, each under a condition that allows to read one repository, by its number. */
  readonly conditions?: number
}

/** What was made by way of the server, and is copied. */
export interface Template {
  readonly repository: string
  /** Of the service principal. */
  readonly objectId: string
  readonly applicationObjectId: string
  /** Whether the application has a federated credential, which then every seeded one gets, each for its own subject. */
  readonly federated: boolean
}

/** The name of a seeded repository, by its number from 1. */
export function repositoryName(number: number): string {
  return `bench/app-${String(number).padStart(6, '0')}`
}

/** The application id of a seeded principal, by its number from 1. Its secret is the template's. */
export function appIdOf(number: number): string {
  return guid(1, number)
}

/** The subject that the seeded application of this number trusts. */
export function subjectOf(number: number): string {
  return `system:serviceaccount:bench:app-${String(number).padStart(6, '0')}`
}

const sqlSubject = "'system:serviceaccount:bench:' || printf('app-%06d', n)"

/** Numbers that follow each other have identifiers far apart, as random ones are. */
const spread = 2654435761

function guid(kind: number, number: number): string {
  const front = (Math.imul(number, spread) >>> 0).toString(16).padStart(8, '0')
  return `${front}-000${kind}-4000-8000-${number.toString(16).padStart(12, '0')}`
}

/** The same in SQL, for a number that is an expression. */
function sqlGuid(kind: number, number = 'n'): string {
  return `printf('%08x-000${kind}-4000-8000-%012x', (${number} * ${spread}) & 4294967295, ${number})`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The rows of `table` that match `where`. */
type Rows = { readonly table: string; readonly where: string }

/** Copies rows once for each number from 1 to `count`, with the changed values. */
function copyRows(
  database: DatabaseSync,
  { table, where }: Rows,
  count: number,
  changes: Readonly<Record<string, string>>,
): void {
  const columns = database
    .prepare('select name from pragma_table_info(?)')
    .all(table)
    .map((row) => String(row['name']))
  const missing = Object.keys(changes).filter((name) => !columns.includes(name))
  if (columns.length === 0 || missing.length > 0) throw new Error(`${table} has no column ${missing.join(', ')}`)
  const values = columns.map((name) => changes[name] ?? `${table}.${name}`)
  const made = database
    .prepare(
      `with recursive number (n) as (select 1 union all select n + 1 from number where n < ${count})
       insert into ${table} (${columns.join(', ')})
       select ${values.join(', ')} from ${table} cross join number where ${where}`,
    )
    .run()
  if (made.changes === 0) throw new Error(`${table} has no row where ${where}`)
}

const actions = 'Microsoft.ContainerRegistry/registries/repositories'

/** Each condition has a role of its own, since a principal has a role at a scope only once. */
function giveUnderConditions(database: DatabaseSync, principal: string, count: number): void {
  const readers = JSON.stringify([
    { actions: [], notActions: [], dataActions: [`${actions}/content/read`], notDataActions: [] },
  ])
  const name = `'role-' || n`
  database.exec(
    `with recursive number (n) as (select 1 union all select n + 1 from number where n < ${count})
     insert into role_definition select ${sqlGuid(9)}, ${name}, ${name}, '', ${quoted(readers)}, '[]', 0, '', 0, '' from number`,
  )
  const before = `((!(ActionMatches{'${actions}/content/read'})) OR (@Request[${actions}:name] StringEquals '`
  copyRows(database, { table: 'role_assignment', where: `principal_id = ${principal}` }, count, {
    name: sqlGuid(8),
    principal_id: sqlGuid(2, '1'),
    role_definition_name: sqlGuid(9),
    condition: `${quoted(before)} || printf('bench/app-%06d', n) || ${quoted("'))")}`,
    condition_version: quoted('2.0'),
  })
}

/** Fills the database of a server that is not running. */
export function seed(dataDir: string, sizes: Sizes, template: Template): void {
  using database = new DatabaseSync(join(dataDir, 'acrux.db'))
  database.exec('pragma synchronous = off; begin')
  const row = database.prepare('select id from repository where name = ?').get(template.repository)
  const repositoryId = quoted(String(row?.['id']))
  const { repositories, tags = 0, conditions = 0 } = sizes
  const within = `repository_id = ${repositoryId}`
  const copy = { repository_id: sqlGuid(3) }
  copyRows(database, { table: 'repository', where: `id = ${repositoryId}` }, repositories, {
    id: sqlGuid(3),
    name: "printf('bench/app-%06d', n)",
  })
  for (const table of ['manifest', 'manifest_reference', 'tag', 'repository_blob']) {
    copyRows(database, { table, where: within }, repositories, copy)
  }
  const principal = quoted(template.objectId)
  const application = quoted(template.applicationObjectId)
  copyRows(database, { table: 'service_principal', where: `object_id = ${principal}` }, repositories, {
    object_id: sqlGuid(2),
    app_id: sqlGuid(1),
    application_id: sqlGuid(4),
  })
  copyRows(database, { table: 'application', where: `object_id = ${application}` }, repositories, {
    object_id: sqlGuid(4),
    app_id: sqlGuid(1),
  })
  copyRows(database, { table: 'client_secret', where: `holder_id = ${application}` }, repositories, {
    id: sqlGuid(5),
    holder_id: sqlGuid(4),
    app_id: sqlGuid(1),
  })
  if (template.federated) {
    copyRows(database, { table: 'federated_credential', where: `holder_id = ${application}` }, repositories, {
      id: sqlGuid(7),
      credential_id: sqlGuid(8),
      holder_id: sqlGuid(4),
      app_id: sqlGuid(1),
      subject: sqlSubject,
      trust_key: `'sub=' || ${sqlSubject}`,
      trust_text: `'sub=' || ${sqlSubject}`,
    })
  }
  copyRows(database, { table: 'role_assignment', where: `principal_id = ${principal}` }, repositories, {
    name: sqlGuid(6),
    principal_id: sqlGuid(2),
  })
  if (conditions > 0) giveUnderConditions(database, principal, conditions)
  if (tags > 0) {
    copyRows(database, { table: 'tag', where: within }, tags, {
      repository_id: sqlGuid(3, `(n % ${repositories} + 1)`),
      name: "printf('tag-%07d', n)",
    })
  }
  database.exec('commit; pragma wal_checkpoint(truncate)')
}
