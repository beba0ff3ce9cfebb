import { hash } from 'node:crypto'
import type { Agent } from 'node:http'
import { expectStatus } from './arm.ts'
import { form, request, type HttpResponse } from './http.ts'
import { stringAt } from './json.ts'
import type { RunningServer } from './server.ts'

/** The user name beside which an ACR token is the password. */
export const nullGuid = '00000000-0000-0000-0000-000000000000'

/** A credential for the token endpoint: a name and password, an ACR refresh token, or nothing at all. */
export type Credential = { username: string; password: string } | { refreshToken: string } | 'anonymous'

/** The descriptor of a blob or manifest. */
export interface Descriptor {
  mediaType: string
  digest: string
  size: number
}

/** An image as it was pushed. */
export interface PushedImage extends Descriptor {
  /** The manifest's bytes. */
  manifest: Buffer
  config: Descriptor
  layers: Descriptor[]
}

/** Where a request goes: the first registry unless another login server is named. */
export interface Where {
  loginServer?: string
  /** Keeps connections between requests; with `false`, each has its own. Without it, the harness decides. */
  agent?: Agent | false
}

/** A server, and which registry of it. */
export interface OnRegistry {
  readonly server: RunningServer
  readonly where: Where
}

/** For pushes to a registry other than the first, or over persistent connections. */
export function onRegistry(server: RunningServer, where: Where): OnRegistry {
  return { server, where }
}

function registryOf(to: RunningServer | OnRegistry): OnRegistry {
  return 'where' in to ? to : onRegistry(to, {})
}

/** How requests reach the server: by its authority, and by the connections that are kept. */
function reach({ caFile }: RunningServer, { agent }: Where): { caFile: string; agent?: Agent | false } {
  return { caFile, ...(agent !== undefined && { agent }) }
}

/** The value of an Authorization header with name and password, in UTF-8 [RFC 7617 §2.1]. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
}

/** The sha256 digest of the bytes, as `sha256:` and 64 hexadecimal digits. */
export function digestOf(bytes: Buffer | Uint8Array): string {
  return `sha256:${hash('sha256', bytes, 'hex')}`
}

/** The origin of a registry's data plane, without a slash at the end. */
export function registryUrl(server: RunningServer, where: Where = {}): string {
  const scheme = server.baseUrl.slice(0, server.baseUrl.indexOf(':'))
  return `${scheme}://${where.loginServer ?? server.firstRun.loginServer}`
}

/** Exchanges an access token of our identity provider, or of another tenant that is named, for an ACR refresh token. */
export async function exchange(
  server: RunningServer,
  idpToken: string,
  where: Where = {},
  tenant = server.firstRun.tenantId,
): Promise<string> {
  const response = await request({
    method: 'POST',
    url: `${registryUrl(server, where)}/oauth2/exchange`,
    ...reach(server, where),
    ...form({
      grant_type: 'access_token',
      service: where.loginServer ?? server.firstRun.loginServer,
      tenant,
      access_token: idpToken,
    }),
  })
  return stringAt(expectStatus(response, 200).json(), 'refresh_token')
}

/** Asks for an ACR access token and returns the answer unchecked. */
export async function askAccessToken(
  server: RunningServer,
  credential: Credential,
  scopes: readonly string[],
  where: Where = {},
): Promise<HttpResponse> {
  const service = where.loginServer ?? server.firstRun.loginServer
  const url = `${registryUrl(server, where)}/oauth2/token`
  if (typeof credential === 'object' && 'refreshToken' in credential) {
    const fields = { grant_type: 'refresh_token', service, scope: scopes, refresh_token: credential.refreshToken }
    return request({ method: 'POST', url, ...reach(server, where), ...form(fields) })
  }
  const query = new URLSearchParams([['service', service], ...scopes.map((scope) => ['scope', scope])])
  const headers = credential === 'anonymous' ? {} : { authorization: basic(credential.username, credential.password) }
  return request({ url: `${url}?${query.toString()}`, headers, ...reach(server, where) })
}

/** An ACR access token; throws if none is issued. */
export async function accessToken(
  server: RunningServer,
  credential: Credential,
  scopes: readonly string[],
  where: Where = {},
): Promise<string> {
  const response = expectStatus(await askAccessToken(server, credential, scopes, where), 200)
  return stringAt(response.json(), 'access_token')
}

/** Uploads a blob in two steps, POST and PUT. `authorization` is the header's value. */
export async function pushBlob(
  to: RunningServer | OnRegistry,
  repository: string,
  bytes: Buffer,
  authorization: string,
): Promise<Descriptor> {
  const { server, where } = registryOf(to)
  const origin = registryUrl(server, where)
  const through = reach(server, where)
  const begin = `${origin}/v2/${repository}/blobs/uploads/`
  const begun = expectStatus(await request({ method: 'POST', url: begin, headers: { authorization }, ...through }), 202)
  const location = new URL(begun.headers.location ?? '', begin)
  const digest = digestOf(bytes)
  location.searchParams.set('digest', digest)
  const headers = { authorization, 'content-type': 'application/octet-stream' }
  expectStatus(await request({ method: 'PUT', url: location, headers, body: bytes, ...through }), 201)
  return { mediaType: 'application/octet-stream', digest, size: bytes.length }
}

/** Sends a manifest, and does not check the status. `reference` is a tag or a digest. */
export async function putManifest(
  to: RunningServer | OnRegistry,
  repository: string,
  { reference, ...manifest }: { reference: string; mediaType: string; bytes: Buffer },
  authorization: string,
): Promise<HttpResponse> {
  const { server, where } = registryOf(to)
  return request({
    method: 'PUT',
    url: `${registryUrl(server, where)}/v2/${repository}/manifests/${reference}`,
    headers: { authorization, 'content-type': manifest.mediaType },
    body: manifest.bytes,
    ...reach(server, where),
  })
}

/** The parts of an image, which are all optional. */
export interface ImageParts {
  /** The bytes of each layer; one small layer, another for each tag by default. */
  layers?: readonly Buffer[]
  annotations?: Readonly<Record<string, string>>
  subject?: Descriptor
  artifactType?: string
  /** `amd64` by default. */
  architecture?: string
}

/** Pushes an OCI image under a tag, raw over HTTP, and returns its descriptor, manifest and parts. */
export async function pushImage(
  to: RunningServer | OnRegistry,
  repository: string,
  image: string | ({ readonly tag: string } & ImageParts),
  authorization: string,
): Promise<PushedImage> {
  const { tag, ...parts }: { readonly tag: string } & ImageParts = typeof image === 'string' ? { tag: image } : image
  const { architecture = 'amd64', artifactType, annotations, subject } = parts
  const contents = parts.layers ?? [Buffer.from(`layer of ${repository}:${tag}\n`)]
  const layers: Descriptor[] = []
  for (const bytes of contents) {
    const blob = await pushBlob(to, repository, bytes, authorization)
    layers.push({ ...blob, mediaType: 'application/vnd.oci.image.layer.v1.tar' })
  }
  const rootfs = { type: 'layers', diff_ids: layers.map((layer) => layer.digest) }
  const configBytes = Buffer.from(JSON.stringify({ architecture, os: 'linux', config: {}, rootfs }))
  const config = {
    ...(await pushBlob(to, repository, configBytes, authorization)),
    mediaType: 'application/vnd.oci.image.config.v1+json',
  }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, artifactType, config, layers, subject, annotations }),
  )
  const pushed = { reference: tag, mediaType, bytes: manifest }
  expectStatus(await putManifest(to, repository, pushed, authorization), 201)
  return { mediaType, digest: digestOf(manifest), size: manifest.length, manifest, config, layers }
}

/** A GET of the data plane below `/v2/` or `/acr/v1/`, unchecked; `path` begins with a slash. */
export async function get(
  server: RunningServer,
  path: string,
  authorization?: string,
  where: Where = {},
): Promise<HttpResponse> {
  return request({
    url: `${registryUrl(server, where)}${path}`,
    headers: { ...(authorization !== undefined && { authorization }) },
    ...reach(server, where),
  })
}
