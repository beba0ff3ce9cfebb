import type { RunningServer } from '../harness/server.ts'
import { oddText, oddValues } from './odd-values.ts'
import type { Seeded } from './seeded.ts'
import type { Header, WireRequest } from './wire.ts'

/** A route with its methods, and an existing target. */
export type OddRoute = readonly [methods: string, target: string]

/** What requests are made of. */
export interface Ground {
  server: RunningServer
  /** The credential that most requests to a target are sent with. */
  keyTo: (target: string) => string
  /** Credentials that some requests are sent with instead. */
  otherKeys: readonly (string | undefined)[]
  /** Values for forms and queries. */
  likely: readonly string[]
  /** A valid manifest and its type. */
  manifest: { bytes: Buffer; mediaType: string }
}

const version = 'api-version=2025-03-01-preview'
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY']
const bodyless = /^(?:GET|HEAD|OPTIONS|TRACE)$/

// prettier-ignore
const parameters = [
  'n', 'last', 'orderby', 'digest', 'mount', 'from', 'tag', 'artifactType', 'service', 'scope', 'account', 'client_id', 'offline_token', 'api-version',
  '$filter', '$top', '$skiptoken', '$orderby', '$select', '$expand', '$count', '_state', 'digest-algorithm', 'list', 'force', '__proto__', 'constructor',
]
// prettier-ignore
const fields = [
  'grant_type', 'grant_type', 'service', 'scope', 'username', 'password', 'refresh_token', 'access_token', 'tenant', 'client_id', 'client_secret', 'client_assertion',
  'client_assertion_type', 'resource', 'access_type', 'claims', '__proto__',
]
// prettier-ignore
const filters = [
  "displayName eq 'x'", "startswith(displayName,'x')", "servicePrincipalNames/any(c:c eq 'x')", "appId eq '0'", 'atScope()', "principalId eq 'x'", "assignedTo('x')",
  "roleName eq 'AcrPull'", "type eq 'BuiltInRole'", "resourceType eq 'Microsoft.ContainerRegistry/registries'", "userPrincipalName eq 'x'", "a eq 'b' and c eq 'd'", "displayName eq '",
]
// prettier-ignore
const keys = [
  'properties', 'properties', 'location', 'sku', 'name', 'tags', 'adminUserEnabled', 'anonymousPullEnabled', 'roleAssignmentMode', 'policies', 'retentionPolicy', 'softDeletePolicy', 'status', 'days',
  'type', 'passwordCredential', 'displayName', 'appId', 'keyId', 'startDateTime', 'endDateTime', 'ids', 'types', 'principalId', 'roleDefinitionId', 'principalType', 'condition',
  'conditionVersion', 'writeEnabled', 'deleteEnabled', 'readEnabled', 'listEnabled', 'schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'manifests', 'subject', 'annotations',
  'platform', 'digest', 'size', 'urls', 'data', 'identifierUris', 'keyCredentials', 'accountEnabled', '__proto__',
]
// prettier-ignore
const headerNames = [
  'Accept', 'Accept-Encoding', 'Accept-Language', 'Range', 'Content-Range', 'If-None-Match', 'If-Match', 'If-Modified-Since', 'If-Range', 'Cookie', 'Origin', 'Referer', 'User-Agent',
  'X-Ms-Client-Request-Id', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-HTTP-Method-Override', 'Content-Encoding', 'Content-MD5', 'Docker-Content-Digest', 'Metadata', 'Prefer', 'Date', 'Authorization',
]
// prettier-ignore
const headerValues = [
  'bytes=0-1', 'bytes=-1', 'bytes=1-0', 'bytes=0-1,3-4', 'bytes=-', 'bytes=99999999999999999999-', 'bytes 0-1/2', '0-1', '1-0', '-1', '0-99999999999999999999', 'gzip', 'identity;q=0', '*/*',
  'text/html', '"x"', 'W/"x"', '*', 'true', 'Bearer', 'Basic', 'Basic Og==', 'Negotiate x', 'a=b; c=d',
]

/** A request that may have an odd part. */
export function oddRequest(random: Seeded, ground: Ground, routes: readonly OddRoute[]): WireRequest {
  const [usual, plain] = random.pick(routes)
  const method = random.chance(85) ? random.pick(usual.split(' ')) : random.pick(methods)
  const target = `${oddTarget(random, plain)}${oddQuery(random, ground, plain)}`
  const authorization = random.chance(85) ? ground.keyTo(plain) : random.pick(ground.otherKeys)
  const headers = oddHeaders(random)
  const request = { method, target, headers, authorization, host: oddHost(random, ground) }
  if (bodyless.test(method) && !random.chance(5)) return request
  const { type, body } = oddBody(random, ground, plain)
  return { ...request, body, headers: random.chance(92) ? [...headers, ['Content-Type', type]] : headers }
}

function oddHost(random: Seeded, { server }: Ground): string {
  if (random.chance(96)) return server.firstRun.loginServer
  const further = `x.azurecr.localhost:${server.port}`
  return random.pick(['', 'evil.example.com', further, 'a'.repeat(300), '127.0.0.1', '[::1]', 'localhost:99999', "'"])
}

/** Puts something odd into a target: a segment, a character, an escape. */
function oddTarget(random: Seeded, target: string): string {
  if (random.chance(65)) return target
  const segments = target.split('/')
  const at = random.chance(50) ? segments.length - 1 : random.between(1, segments.length - 1)
  const odd = escaped(random)
  const changes: readonly (() => unknown)[] = [
    () => (segments[at] = odd),
    () => segments.splice(at, 0, odd),
    () => (segments[at] = `${segments[at]}${odd}`),
    () => segments.splice(at, 1),
    () => segments.splice(at, 1, ...(segments[at] ?? '').slice(0, 4).split('')),
  ]
  random.pick(changes)()
  const text = segments.join('/')
  return text.startsWith('/') ? text : `/${text}`
}

function escaped(random: Seeded): string {
  const text = oddText(random)
  const plain = text.replaceAll(/[^\u0021-\u007e]|[?#]/g, '%25')
  return (random.chance(70) ? encodeURIComponent(text.toWellFormed()) : plain).slice(0, 3000)
}

function oddQuery(random: Seeded, { likely }: Ground, target: string): string {
  const parts = /^\/(?:subscriptions|providers|tenants|metadata)/.test(target) && random.chance(90) ? [version] : []
  while (random.chance(55)) {
    const value = random.chance(30) ? random.pick(filters) : random.chance(30) ? random.pick(likely) : oddText(random)
    const name = random.chance(25) ? '$filter' : random.pick(parameters)
    parts.push(`${name}=${encodeURIComponent(value.toWellFormed()).slice(0, 2000)}`)
  }
  if (random.chance(4)) parts.push('%', '&&=', '%zz=%', '=')
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

function oddBody(random: Seeded, ground: Ground, target: string): { type: string; body: string } {
  const { bytes, mediaType } = ground.manifest
  const json = 'application/json'
  const form = 'application/x-www-form-urlencoded'
  if (random.chance(10)) return { type: random.pick([json, mediaType, form]), body: oddText(random) }
  if (target.includes('/oauth2/')) {
    const pairs = Array.from({ length: random.between(0, 8) }, () => {
      const value = random.chance(75) ? random.pick(ground.likely) : oddText(random)
      return `${random.pick(fields)}=${encodeURIComponent(value.toWellFormed())}`
    })
    return { type: form, body: pairs.join('&') }
  }
  if (target.includes('/manifests/')) {
    const document = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>
    while (random.chance(50)) document[random.pick(keys)] = oddDocument(random, 2)
    return { type: mediaType, body: JSON.stringify(document) }
  }
  return { type: json, body: JSON.stringify(oddDocument(random, 3)) }
}

function oddDocument(random: Seeded, depth: number): unknown {
  if (depth === 0 || random.chance(20)) return random.pick(oddValues)
  if (random.chance(12)) return Array.from({ length: random.between(0, 4) }, () => oddDocument(random, depth - 1))
  const entry = (): [string, unknown] => [random.pick(keys), oddDocument(random, depth - 1)]
  return Object.fromEntries(Array.from({ length: random.between(0, 5) }, entry))
}

function oddHeaders(random: Seeded): Header[] {
  const headers: Header[] = []
  while (random.chance(35)) {
    const value = random.chance(60) ? random.pick(headerValues) : oddText(random)
    headers.push([random.pick(headerNames), value.replaceAll(/[^\u0020-\u007e\u0080-\u00ff]/g, '?').slice(0, 3000)])
  }
  return headers
}
