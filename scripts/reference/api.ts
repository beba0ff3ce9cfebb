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

type OpenApiDocument = {
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

<!-- Generated from docs/openapi.json by scripts/reference/api.ts: run \`npm run generate\`. -->

All routes of the server. The [OpenAPI document](../openapi.json) is the same information for programs; a running server serves it at
\`/openapi.json\`. Errors are described in [Errors](errors.md).

The column *needs* says what the caller must have. A request is authenticated before anything else, so a caller without the permission
cannot find out whether an object exists. A response without a link either has no body or is defined by the standard that the surface
implements.
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

/** Renders `docs/reference/api.md`. */
export function apiReference(document: OpenApiDocument): string {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      tag: operation.tags[0],
      ...toRoute(path, method, operation),
    })),
  )
  const surfaces = document.tags.map(({ name, description }) => {
    const rows = mergeScopes(routes.filter(({ tag, path }) => tag === name && !isAsset(path)))
    return [
      `## ${name}\n`,
      `${description}\n`,
      ...(notes[name] === undefined ? [] : [notes[name]]),
      routeTable(rows),
    ].join('\n')
  })
  const schemas = Object.entries(document.components.schemas)
    .filter(([, schema]) => Object.keys(schema).length > 0)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, schema]) => schemaSection(name, schema))
  return [introduction, ...surfaces, '## Schemas\n', ...schemas].join('\n')
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
