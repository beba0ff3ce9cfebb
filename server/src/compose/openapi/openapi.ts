import { z } from 'zod'
import type { RouteDescription } from '../../platform/http/surface.ts'

/** What of a surface the document says, for the routes whose ids begin with its prefix. */
type SurfaceText = {
  readonly prefix: string
  readonly tag: string
  readonly description: string
  /** The ways to prove who asks; any one of them is enough. */
  readonly security: readonly string[]
  readonly error: string
  readonly query?: readonly string[]
  readonly body: string
  /** Whether every body has a schema, so that a route without one reads none. */
  readonly schemasAlone?: true
}

const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

// prettier-ignore
const surfaces: readonly SurfaceText[] = [
  { prefix: 'registry.',   tag: 'registry',   description: 'The OCI distribution specification and `/acr/v1`, at the host of a registry. The name of a repository may hold slashes.', security: ['registryToken', 'basic'], error: 'RegistryError', body: '*/*' },
  { prefix: 'token.',      tag: 'token',      description: 'The token service, at the host of a registry. Most requests carry their credential in the form or as Basic.', security: ['basic'], error: 'RegistryError', body: form },
  { prefix: 'management.', tag: 'management', description: 'Azure Resource Manager, as `az` and the management SDKs use it.', security: ['armToken'], error: 'ArmError', query: ['api-version'], body: json, schemasAlone: true },
  { prefix: 'graph.',      tag: 'graph',      description: 'Microsoft Graph, as `az ad` uses it.', security: ['graphToken'], error: 'ArmError', body: json },
  { prefix: 'identity.',   tag: 'identity',   description: 'The OpenID provider and the endpoints of machines.', security: ['identityToken'], error: 'OAuthError', body: form },
  { prefix: 'sign-in.',    tag: 'sign-in',    description: 'Pages for people who sign in, for a browser.', security: ['session'], error: 'Page', body: form },
  { prefix: 'account.',    tag: 'account',    description: 'Pages for people who are signed in, for a browser.', security: ['session'], error: 'Page', body: form },
  { prefix: 'health.',     tag: 'health',     description: 'What health checks ask.', security: [], error: 'Page', body: json },
]

const bearer = (description: string) => ({ type: 'http', scheme: 'bearer', description })
const text = { type: 'string' }

const components = {
  securitySchemes: {
    registryToken: bearer('An ACR access token, of `/oauth2/token`.'),
    basic: { type: 'http', scheme: 'basic', description: 'A user name and password, as `docker login` sends them.' },
    armToken: bearer('An access token of the OpenID provider for `https://management.core.windows.net/`.'),
    graphToken: bearer('An access token of the OpenID provider for the Graph of this server.'),
    identityToken: bearer('An access token of the OpenID provider for itself.'),
    session: { type: 'apiKey', in: 'cookie', name: '__Host-acrux-session', description: 'A signed-in browser.' },
  },
  schemas: {
    RegistryError: {
      type: 'object',
      required: ['errors'],
      properties: {
        errors: {
          type: 'array',
          items: {
            type: 'object',
            required: ['code', 'message'],
            properties: { code: text, message: text, detail: {} },
          },
        },
      },
    },
    ArmError: {
      type: 'object',
      required: ['error'],
      properties: {
        error: { type: 'object', required: ['code', 'message'], properties: { code: text, message: text } },
      },
    },
    OAuthError: { type: 'object', required: ['error'], properties: { error: text, error_description: text } },
    Page: {},
  },
}

const withBody = new Set(['POST', 'PUT', 'PATCH'])

/**
 * The routes of the tables as an OpenAPI document: each with its need, in the words of its surface, and with the shape of
 * the body that its handler checks. [OpenAPI 3.1]
 */
export function openApiDocument(routes: readonly RouteDescription[]): object {
  const paths: Record<string, Record<string, object>> = {}
  const bodies = nameBodies(routes)
  for (const route of routes) {
    const { template, names } = readPath(route.path)
    for (const method of [route.method].flat()) {
      const operations = (paths[template] ??= {})
      operations[method.toLowerCase()] ??= operation(route, method, names, bodies)
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Acrux',
      version: '1',
      description: 'Every route of the server, by surface, with what its caller needs.',
    },
    servers: [{ url: '/' }],
    tags: surfaces.map(({ tag, description }) => ({ name: tag, description })),
    paths: Object.fromEntries(Object.entries(paths).toSorted(([one], [other]) => (one < other ? -1 : 1))),
    components: {
      ...components,
      schemas: { ...components.schemas, ...bodySchemas(bodies) },
      responses: { Done: { description: 'Done.' }, ...refusals() },
    },
  }
}

type Bodies = ReadonlyMap<z.ZodType, string>

/** Routes that read the same shape share one schema, by the name of the first of them. */
function nameBodies(routes: readonly RouteDescription[]): Bodies {
  const names = new Map<z.ZodType, string>()
  for (const { id, body } of routes) if (body !== undefined && !names.has(body)) names.set(body, `${id}.body`)
  return names
}

/** What may be sent, before anything is made of it. */
function bodySchemas(bodies: Bodies): Record<string, object> {
  const entries = [...bodies].map(([schema, name]) => {
    const { $schema: _dialect, ...shape } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    return [name, shape] as const
  })
  return Object.fromEntries(entries)
}

function refusals(): Record<string, object> {
  const entries = Object.keys(components.schemas).map((name) => {
    const content = { [json]: { schema: { $ref: `#/components/schemas/${name}` } } }
    return [name, { description: 'A refusal.', ...(name !== 'Page' && { content }) }] as const
  })
  return Object.fromEntries(entries)
}

function operation(
  { id, method: methods, need, body }: RouteDescription,
  method: string,
  names: readonly string[],
  bodies: Bodies,
): object {
  const surface = surfaceOf(id)
  const isPublic = need === 'public'
  const name = body && bodies.get(body)
  const readsBody = withBody.has(method) && (name !== undefined || surface.schemasAlone !== true)
  const schema = name === undefined ? {} : { $ref: `#/components/schemas/${name}` }
  const error = { $ref: `#/components/responses/${surface.error}` }
  return {
    operationId: Array.isArray(methods) && methods.length > 1 ? `${id}.${method.toLowerCase()}` : id,
    tags: [surface.tag],
    'x-need': need,
    security: isPublic ? [] : surface.security.map((scheme) => ({ [scheme]: [] })),
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: text })),
      ...(isPublic ? [] : (surface.query ?? [])).map((name) => ({ name, in: 'query', required: true, schema: text })),
    ],
    ...(readsBody && { requestBody: { content: { [surface.body]: { schema } } } }),
    responses: {
      '2XX': { $ref: '#/components/responses/Done' },
      ...(!isPublic && { '401': error, '403': error }),
      default: error,
    },
  }
}

function surfaceOf(id: string): SurfaceText {
  const surface = surfaces.find(({ prefix }) => id.startsWith(prefix))
  if (surface === undefined) throw new Error(`no surface is known for the route ${id}`)
  return surface
}

/** Reads a path of a table, whose parameters are `:name`, `:name(pattern)`, `{name}` or `<name>`. */
function readPath(path: string): { readonly template: string; readonly names: readonly string[] } {
  const names: string[] = []
  const take = (name: string) => {
    names.push(name)
    return `{${name}}`
  }
  const template = withoutPatterns(path).replaceAll(
    /:([A-Za-z]+)|\{([A-Za-z]+)\}|<([A-Za-z]+)>/g,
    (_match, ...found: (string | undefined)[]) => take(found.slice(0, 3).find((name) => name !== undefined) ?? ''),
  )
  return { template, names }
}

/** A pattern stands in brackets behind its parameter, and may hold brackets. */
function withoutPatterns(path: string): string {
  let depth = 0
  let plain = ''
  for (const character of path) {
    if (character === '(') depth += 1
    if (depth === 0) plain += character
    if (character === ')') depth -= 1
  }
  return plain
}
