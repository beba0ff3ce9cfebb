import { code, linkTo, table } from './markdown.ts'
import { needText } from './need-text.ts'
import { type Schema, schemaSection } from './schema-text.ts'

type Content = Readonly<Record<string, { readonly schema?: Schema }>>

type Operation = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly 'x-need': unknown
  readonly requestBody?: { readonly content: Content }
  readonly responses: { readonly '2XX': { readonly description?: string; readonly content?: Content } }
}

/** The part of the OpenAPI document that is rendered. */
export type OpenApiDocument = {
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

type Route = {
  readonly method: string
  readonly path: string
  readonly id: string
  readonly need: string
  readonly body: string
  readonly response: string
}

const introduction = `# API

All routes of the server, by surface. For programs, a running server serves the same information as an OpenAPI document at
\`/openapi.json\`. [Errors](../errors.md) describes the errors.

The column *needs* says what the caller must have. A request is authenticated before anything else, so a caller without the permission
cannot find out whether an object exists. A response without a link either has no body or is defined by the standard that the surface
implements.
`

const aboutSchemas = `# Schemas of several surfaces

Documents that more than one surface of the [API](index.md) uses.
`

const notes: Readonly<Record<string, string>> = {
  management: `\`{scope}\` is the path of a resource. The last column lists the kinds of resources that have the route. Every request has the query
parameter \`api-version\`. A request with an unknown newer version is served in the newest known version, with a \`Warning\` header.
With the compatibility \`acr\`, the request is denied.
`,
  graph: `\`visible\`: any signed-in principal. Owners and readers of the directory see everything; all others see only their own objects.
\`self\`: any signed-in principal, for changes to what belongs to it. \`application-owner\`, \`group-owner\`: an owner of the object in the
path, or a directory owner. \`directory-owner\`: an owner of the directory.
`,
}

/** The pages of the API, by the names of their files: an overview, a page for each surface, and the schemas of several surfaces. */
export function apiPages(document: OpenApiDocument): Readonly<Record<string, string>> {
  const { schemas } = document.components
  const surfaces = document.tags.map((tag) => ({ ...tag, text: surfaceText(document, tag) }))
  const uses = surfaces.map(({ name, text }) => ({ name, schemas: reachable(schemas, linksIn(text)) }))
  const pageOf = new Map<string, string>()
  for (const name of Object.keys(schemas).toSorted()) {
    const users = uses.filter((use) => use.schemas.has(name))
    const [first] = users
    if (first !== undefined) pageOf.set(name, users.length === 1 ? `${first.name}.md` : 'schemas.md')
  }
  const withSchemas = (page: string, text: string): string => {
    const names = [...pageOf].filter(([, itsPage]) => itsPage === page).map(([name]) => name)
    const sections = names.map((name) => schemaSection(name, schemas[name] ?? {}))
    const heading = sections.length > 0 && page !== 'schemas.md' ? ['## Schemas\n'] : []
    return withPages([text, ...heading, ...sections].join('\n'), page, pageOf)
  }
  const rows = surfaces.map(({ name, description }) => [`[${name}](${name}.md)`, description])
  return {
    'index.md': `${introduction}\n${table(['surface', 'purpose'], rows)}`,
    ...Object.fromEntries(surfaces.map(({ name, text }) => [`${name}.md`, withSchemas(`${name}.md`, text)])),
    ...([...pageOf.values()].includes('schemas.md') && { 'schemas.md': withSchemas('schemas.md', aboutSchemas) }),
  }
}

function surfaceText({ paths }: OpenApiDocument, { name, description }: OpenApiDocument['tags'][number]): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => tags[0] === name && !isAsset(path))
      .map(([method, operation]) => toRoute(path, method, operation)),
  )
  const note = notes[name] === undefined ? [] : [notes[name]]
  return [`# API: ${name}\n`, `${description}\n`, ...note, '## Routes\n', routeTable(mergeScopes(routes))].join('\n')
}

/** The names of the schemas that a text links to. */
function linksIn(text: string): string[] {
  return [...text.matchAll(/\[([^\]]+)\]\(#[^)]+\)/g)].map(([, name = '']) => name)
}

/** Schemas, and the schemas that they refer to. A schema without content has no section. */
function reachable(schemas: OpenApiDocument['components']['schemas'], names: readonly string[]): ReadonlySet<string> {
  const found = new Set(names.filter((name) => name in schemas))
  // A name that is added while the set is walked is walked too.
  for (const name of found) for (const inner of linksIn(schemaSection(name, schemas[name] ?? {}))) found.add(inner)
  return found
}

/** Makes the links to schemas of other pages lead there. */
function withPages(text: string, page: string, pageOf: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\[([^\]]+)\]\((#[^)]+)\)/g, (link, name: string, anchor: string) => {
    const target = pageOf.get(name)
    return target === undefined || target === page ? link : `[${name}](${target}${anchor})`
  })
}

/** The path of a static file contains the hash of its content. */
function isAsset(path: string): boolean {
  return /\.[0-9a-f]{20}\./.test(path)
}

function toRoute(path: string, method: string, operation: Operation): Route {
  const success = operation.responses['2XX']
  const hasNoBody = success.description?.includes('no body') === true
  return {
    method: method.toUpperCase(),
    path,
    id: operation.operationId,
    need: needText(operation['x-need']),
    body: contentText(operation.requestBody?.content),
    response: hasNoBody ? 'no body' : contentText(success.content),
  }
}

function contentText(content: Content | undefined): string {
  const [type, media] = Object.entries(content ?? {})[0] ?? []
  const name = media?.schema?.$ref?.split('/').at(-1)
  if (name !== undefined) return linkTo(name)
  if (type === undefined || type === 'application/json') return ''
  return type === '*/*' ? 'the content' : code(type.replace('application/x-www-form-urlencoded', 'form'))
}

type MergedRoute = Route & { readonly scopes: readonly string[] }

/** Merges the routes that exist at several kinds of resources, whose ids differ in the last part. */
function mergeScopes(routes: readonly Route[]): MergedRoute[] {
  const groups = Map.groupBy(routes, ({ id, path, method, need, body, response }) =>
    [id.slice(0, id.lastIndexOf('.')), belowScope(path), method, need, body, response].join('\n'),
  )
  return [...groups.values()].flatMap((group): MergedRoute[] => {
    const [first] = group
    if (first === undefined) return []
    const suffix = belowScope(first.path)
    if (group.length === 1 || suffix === first.path) return group.map((route) => ({ ...route, scopes: [] }))
    const scopes = group.map(({ id }) => scopeName(id.slice(id.lastIndexOf('.') + 1)))
    return [{ ...first, path: `{scope}${suffix}`, scopes }]
  })
}

/** The kind of resource that the last part of an id names. */
function scopeName(text: string): string {
  const name = text.replace(/^listIn/, '').toLowerCase()
  return name.endsWith('group') ? 'resource group' : name
}

/** The part of a path after the path of a resource. */
function belowScope(path: string): string {
  const at = path.lastIndexOf('/providers/')
  return at === -1 ? path : path.slice(at)
}

function routeTable(routes: readonly MergedRoute[]): string {
  const hasScopes = routes.some(({ scopes }) => scopes.length > 0)
  const columns = ['method', 'path', 'needs', 'request body', 'response', ...(hasScopes ? ['scopes'] : [])]
  return table(
    columns,
    routes.map(({ method, path, need, body, response, scopes }) => [
      method,
      code(path),
      need,
      body,
      response,
      ...(hasScopes ? [scopes.join(', ')] : []),
    ]),
  )
}
