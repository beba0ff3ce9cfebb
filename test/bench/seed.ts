import type { SeedDatabase } from './seed-database.ts'

/** The number of objects of each kind in a seeded registry, in addition to those created through the server. */
export interface Sizes {
  /** Repositories with one image each, and principals with one secret and one role assignment each. */
  readonly repositories: number
  /** Further tags, spread over the repositories. */
  readonly tags?: number
  /** Custom roles of the first principal, each with a condition that allows reading one repository, by its number. */
  readonly conditions?: number
}

/** The objects that were created through the server, and are copied. */
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

/** The object id of a seeded principal, by its number from 1. */
export function objectIdOf(number: number): string {
  return guid(2, number)
}

/** The subject that the seeded application of this number trusts. */
export function subjectOf(number: number): string {
  return `system:serviceaccount:bench:app-${String(number).padStart(6, '0')}`
}

/** Consecutive numbers get identifiers that are far apart, like random ones. */
const spread = 2654435761

function guid(kind: number, number: number): string {
  const front = (Math.imul(number, spread) >>> 0).toString(16).padStart(8, '0')
  return `${front}-000${kind}-4000-8000-${number.toString(16).padStart(12, '0')}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The rows of `table` that match `where`. */
type Rows = { readonly table: string; readonly where: string }

/** Copies rows once for each number from 1 to `count`, with the changed values. */
function copyRows(
  database: SeedDatabase,
  { table, where }: Rows,
  count: number,
  changes: Readonly<Record<string, string>>,
): void {
  const columns = database.columns(table)
  const missing = Object.keys(changes).filter((name) => !columns.includes(name))
  if (columns.length === 0 || missing.length > 0) throw new Error(`${table} has no column ${missing.join(', ')}`)
  const values = columns.map((name) => changes[name] ?? `${table}.${name}`)
  const made = database.insertNumbered(
    count,
    `into ${table} (${columns.join(', ')}) select ${values.join(', ')} from ${table} cross join number where ${where}`,
  )
  if (made === 0) throw new Error(`${table} has no row where ${where}`)
}

const actions = 'Microsoft.ContainerRegistry/registries/repositories'

/** Each condition has a role of its own, since a principal has a role at a scope only once. */
function giveUnderConditions(database: SeedDatabase, principal: string, count: number): void {
  const readers = JSON.stringify([
    { actions: [], notActions: [], dataActions: [`${actions}/content/read`], notDataActions: [] },
  ])
  const name = `'role-' || n`
  const { guid } = identifiers(database)
  database.insertNumbered(
    count,
    `into role_definition select ${guid(9)}, ${name}, ${name}, '', ${quoted(readers)}, '[]', 0, '', 0, '' from number`,
  )
  const before = `((!(ActionMatches{'${actions}/content/read'})) OR (@Request[${actions}:name] StringEquals '`
  copyRows(database, { table: 'role_assignment', where: `principal_id = ${principal}` }, count, {
    name: guid(8),
    principal_id: guid(2, '1'),
    role_definition_name: guid(9),
    condition: `${quoted(before)} || 'bench/app-' || ${database.decimal('n', 6)} || ${quoted("'))")}`,
    condition_version: quoted('2.0'),
  })
}

/** Identifiers in SQL for the number `n`: the same as in TypeScript. */
function identifiers(database: SeedDatabase) {
  const hexadecimal = (number: string, digits: number): string => database.hexadecimal(number, digits)
  return {
    guid: (kind: number, number = 'n') =>
      `${hexadecimal(`(${number} * ${spread}) & 4294967295`, 8)} || '-000${kind}-4000-8000-' || ${hexadecimal(number, 12)}`,
    app: `'app-' || ${database.decimal('n', 6)}`,
  }
}

/** Fills the database of a server that is not running. */
export function seed(database: SeedDatabase, sizes: Sizes, template: Template): void {
  const { guid, app } = identifiers(database)
  const sqlSubject = `'system:serviceaccount:bench:' || ${app}`
  const repositoryId = quoted(database.value(`select id from repository where name = ${quoted(template.repository)}`))
  const { repositories, tags = 0, conditions = 0 } = sizes
  const within = `repository_id = ${repositoryId}`
  const copy = { repository_id: guid(3) }
  copyRows(database, { table: 'repository', where: `id = ${repositoryId}` }, repositories, {
    id: guid(3),
    name: `'bench/' || ${app}`,
  })
  for (const table of ['manifest', 'manifest_reference', 'tag', 'repository_blob']) {
    copyRows(database, { table, where: within }, repositories, copy)
  }
  const principal = quoted(template.objectId)
  const application = quoted(template.applicationObjectId)
  copyRows(database, { table: 'service_principal', where: `object_id = ${principal}` }, repositories, {
    object_id: guid(2),
    app_id: guid(1),
    application_id: guid(4),
  })
  copyRows(database, { table: 'application', where: `object_id = ${application}` }, repositories, {
    object_id: guid(4),
    app_id: guid(1),
  })
  copyRows(database, { table: 'client_secret', where: `holder_id = ${application}` }, repositories, {
    id: guid(5),
    holder_id: guid(4),
    app_id: guid(1),
  })
  if (template.federated) {
    copyRows(database, { table: 'federated_credential', where: `holder_id = ${application}` }, repositories, {
      id: guid(7),
      credential_id: guid(8),
      holder_id: guid(4),
      app_id: guid(1),
      subject: sqlSubject,
      trust_key: `'sub=' || ${sqlSubject}`,
      trust_text: `'sub=' || ${sqlSubject}`,
    })
  }
  copyRows(database, { table: 'role_assignment', where: `principal_id = ${principal}` }, repositories, {
    name: guid(6),
    principal_id: guid(2),
  })
  if (conditions > 0) giveUnderConditions(database, principal, conditions)
  if (tags > 0) {
    copyRows(database, { table: 'tag', where: within }, tags, {
      repository_id: guid(3, `(n % ${repositories} + 1)`),
      name: `'tag-' || ${database.decimal('n', 7)}`,
    })
  }
}
