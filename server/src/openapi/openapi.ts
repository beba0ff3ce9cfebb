import { z } from 'zod'
import { apiSchemas } from '../platform/http/api-schema.ts'
import type { RequestBody } from '../platform/http/change-columns.ts'
import type { ResponseSchema, RouteDescription } from '../platform/http/surface.ts'

/** The description of a surface, for the routes whose ids begin with its prefix. */
type SurfaceText = {
  readonly prefix: string
  readonly tag: string
  readonly description: string
  /** The ways to authenticate; any one of them is enough. */
  readonly security: readonly string[]
  readonly error: string
  readonly query?: readonly string[]
}

const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

// prettier-ignore
const surfaces: readonly SurfaceText[] = [
  { prefix: 'registry.',   tag: 'registry',   description: 'The OCI distribution specification and `/acr/v1`, at the host of a registry. The name of a repository may contain slashes.', security: ['registryToken', 'basic'], error: 'RegistryError' },
  { prefix: 'token.',      tag: 'token',      description: 'The token service, at the host of a registry. Most requests send the credential in the form body or with Basic authentication.', security: ['basic'], error: 'RegistryError' },
  { prefix: 'management.', tag: 'management', description: 'Azure Resource Manager, as `az` and the management SDKs use it.', security: ['armToken'], error: 'ArmError', query: ['api-version'] },
  { prefix: 'graph.',      tag: 'graph',      description: 'Microsoft Graph, as `az ad` uses it.', security: ['graphToken'], error: 'GraphError' },
  { prefix: 'identity.',   tag: 'identity',   description: 'The OpenID provider and the endpoints of machines.', security: ['identityToken'], error: 'OAuthError' },
  { prefix: 'sign-in.',    tag: 'sign-in',    description: 'The sign-in pages, for a browser.', security: ['session'], error: 'Page' },
  { prefix: 'account.',    tag: 'account',    description: 'The pages of a signed-in user, for a browser.', security: ['session'], error: 'Page' },
  { prefix: 'portal.',     tag: 'portal',     description: 'The portal: pages, the session, and requests from portal pages to other surfaces.', security: ['portalSession'], error: 'ArmError' },
  { prefix: 'authority.',  tag: 'authority',  description: 'The certificate authority of the server.', security: [], error: 'ArmError' },
  { prefix: 'health.',     tag: 'health',     description: 'Health checks.', security: [], error: 'Page' },
]

const bearer = (description: string) => ({ type: 'http', scheme: 'bearer', description })
const text = { type: 'string' }

const components = {
  securitySchemes: {
    registryToken: bearer('An ACR access token from `/oauth2/token`.'),
    basic: { type: 'http', scheme: 'basic', description: 'A user name and password, as `docker login` sends them.' },
    armToken: bearer('An access token of the OpenID provider for `https://management.core.windows.net/`.'),
    graphToken: bearer('An access token of the OpenID provider for the Graph of this server.'),
    identityToken: bearer("An access token of the OpenID provider for the provider's own endpoints."),
    session: { type: 'apiKey', in: 'cookie', name: '__Host-acrux-session', description: 'A signed-in browser.' },
    portalSession: {
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-acrux-portal',
      description: 'A session of the portal, with the headers `Sec-Fetch-Site: same-origin` and `X-Acrux-Portal: 1`.',
    },
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
    OAuthError: { type: 'object', required: ['error'], properties: { error: text, error_description: text } },
    Page: {},
  },
}

const withBody = new Set(['POST', 'PUT', 'PATCH'])

/** The media type of a body that has no schema. */
const mediaTypes = { json, form, bytes: '*/*', stream: '*/*' } as const

type OpenApiDocument = { readonly openapi: string; readonly [member: string]: unknown }

/**
 * Returns the OpenAPI document of all routes: each with its need and the schemas of its
 * request and response. [OpenAPI 3.1]
 */
export function openApiDocument(routes: readonly RouteDescription[]): OpenApiDocument {
  const paths: Record<string, Record<string, object>> = {}
  nameSchemas(routes)
  for (const route of routes) {
    const { template, names } = readPath(route.path)
    for (const method of [route.method].flat()) {
      const operations = (paths[template] ??= {})
      operations[method.toLowerCase()] ??= operation(route, method, names)
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Acrux',
      version: '1',
      description: 'Every route of the server, grouped by surface, with the permission that the route requires.',
    },
    servers: [{ url: '/' }],
    tags: surfaces.map(({ tag, description }) => ({ name: tag, description })),
    paths: Object.fromEntries(Object.entries(paths).toSorted(([one], [other]) => (one < other ? -1 : 1))),
    components: {
      ...components,
      schemas: { ...components.schemas, ...namedSchemas() },
      responses: { Done: { description: 'Done.' }, ...errorResponses() },
    },
  }
}

/** Names each schema of a request or response that has no name after the first route that uses it. */
function nameSchemas(routes: readonly RouteDescription[]): void {
  for (const { id, body, response } of routes) {
    if (typeof body === 'object' && !apiSchemas.has(body)) apiSchemas.add(body, { id: `${id}.body` })
    if (response !== undefined && response !== 'none' && !apiSchemas.has(response))
      apiSchemas.add(response, { id: `${id}.response` })
  }
}

const reference = (name: string) => `#/components/schemas/${name}`

/** The shapes as they are sent, before they are parsed. */
function namedSchemas(): Record<string, object> {
  const { schemas } = z.toJSONSchema(apiSchemas, {
    io: 'input',
    unrepresentable: 'any',
    uri: reference,
    override: dropFormatPattern,
  })
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _dialect, $id: _id, ...shape }]) => [name, shape] as const),
  )
}

/** A format such as `date-time` is clearer than the pattern that checks it. */
function dropFormatPattern({ jsonSchema }: { readonly jsonSchema: { format?: unknown; pattern?: unknown } }): void {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern
}

function schemaReference(schema: z.ZodType | undefined): { readonly $ref?: string } {
  const name = schema && apiSchemas.get(schema)?.id
  return name === undefined ? {} : { $ref: reference(name) }
}

function errorResponses(): Record<string, object> {
  const names = new Set(surfaces.map(({ error }) => error))
  const entries = [...names].map((name) => {
    const content = { [json]: { schema: { $ref: `#/components/schemas/${name}` } } }
    return [name, { description: 'An error.', ...(name !== 'Page' && { content }) }] as const
  })
  return Object.fromEntries(entries)
}

function operation(
  { id, method: methods, need, body, stepUp, defers, denies, passesOn, response }: RouteDescription,
  method: string,
  names: readonly string[],
): object {
  const surface = surfaceOf(id)
  const isPublic = need === 'public'
  const error = { $ref: `#/components/responses/${surface.error}` }
  return {
    operationId: Array.isArray(methods) && methods.length > 1 ? `${id}.${method.toLowerCase()}` : id,
    tags: [surface.tag],
    'x-need': need,
    ...(stepUp === true && { 'x-step-up': true }),
    ...(defers === true && { 'x-defers': true }),
    ...(denies === true && { 'x-denies': true }),
    ...(passesOn === true && { 'x-passes-on': true }),
    security: isPublic ? [] : surface.security.map((scheme) => ({ [scheme]: [] })),
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: text })),
      ...(isPublic ? [] : (surface.query ?? [])).map((name) => ({ name, in: 'query', required: true, schema: text })),
    ],
    ...(withBody.has(method) && requestBody(body)),
    responses: {
      '2XX': successResponse(response),
      ...(!isPublic && { '401': error, '403': error }),
      default: error,
    },
  }
}

function requestBody(body: RequestBody = 'none'): { readonly requestBody?: object } {
  if (body === 'none') return {}
  const content =
    typeof body === 'object' ? { [json]: { schema: schemaReference(body) } } : { [mediaTypes[body]]: { schema: {} } }
  return { requestBody: { content } }
}

function successResponse(response: ResponseSchema | undefined): object {
  if (response === undefined) return { $ref: '#/components/responses/Done' }
  if (response === 'none') return { description: 'Done. The response has no body.' }
  return { description: 'Done.', content: { [json]: { schema: schemaReference(response) } } }
}

function surfaceOf(id: string): SurfaceText {
  const surface = surfaces.find(({ prefix }) => id.startsWith(prefix))
  if (surface === undefined) throw new Error(`no surface has the prefix of the route ${id}`)
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

/** Removes the patterns, which follow their parameters in brackets and may contain brackets. */
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
