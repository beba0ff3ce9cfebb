import { hash, randomUUID } from 'node:crypto'
import type { HttpClient, HttpRequest, HttpResponse } from '../../clients/http/http.ts'
import { failure } from '../../framework/command/failure.ts'

/** A blob or a manifest. */
type Content = { readonly mediaType: string; readonly digest: string; readonly bytes: Buffer }

/** An image of two blobs. Its bytes are different for each image. */
export type Image = { readonly manifest: Content; readonly blobs: readonly Content[] }

/** Access to one repository. */
export type RepositoryAccess = {
  readonly http: HttpClient
  readonly host: string
  readonly repository: string
  readonly token: string
}

/** Creates an image with an empty layer. [OCI image-spec 1.1] */
export function tinyImage(): Image {
  const layer = content('application/vnd.oci.image.layer.v1.tar', Buffer.alloc(1024))
  const config = contentOf('application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    author: `acrux doctor ${randomUUID()}`,
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  })
  const manifest = contentOf('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor(config),
    layers: [descriptor(layer)],
  })
  return { manifest, blobs: [layer, config] }
}

function contentOf(mediaType: string, document: object): Content {
  return content(mediaType, Buffer.from(JSON.stringify(document)))
}

function content(mediaType: string, bytes: Buffer): Content {
  return { mediaType, bytes, digest: `sha256:${hash('sha256', bytes)}` }
}

function descriptor({ mediaType, digest, bytes }: Content): object {
  return { mediaType, digest, size: bytes.length }
}

/** Pushes an image by its digest, without a tag. @throws CommandFailure if a request is denied */
export async function pushImage(access: RepositoryAccess, { manifest, blobs }: Image): Promise<void> {
  for (const { digest, bytes } of blobs) {
    const started = await ask(access, { method: 'POST', path: 'blobs/uploads/' }, [202])
    const url = new URL(started.headers.location ?? '', `https://${access.host}`)
    url.searchParams.set('digest', digest)
    const headers = { 'content-type': 'application/octet-stream' }
    await ask(access, { method: 'PUT', path: url, headers, body: bytes }, [201])
  }
  const headers = { 'content-type': manifest.mediaType }
  await ask(access, { method: 'PUT', path: `manifests/${manifest.digest}`, headers, body: manifest.bytes }, [201])
}

/** Pulls an image and compares every byte. @throws CommandFailure if a request is denied, or a byte differs */
export async function pullImage(access: RepositoryAccess, { manifest, blobs }: Image): Promise<void> {
  const headers = { accept: manifest.mediaType }
  const pulled = await ask(access, { method: 'GET', path: `manifests/${manifest.digest}`, headers }, [200])
  requireEqual(pulled, manifest)
  for (const blob of blobs) requireEqual(await getBlob(access, blob.digest), blob)
}

async function getBlob(access: RepositoryAccess, digest: string): Promise<HttpResponse> {
  const response = await ask(access, { method: 'GET', path: `blobs/${digest}` }, [200, 302, 307])
  // Registries of Azure redirect to a storage account, which must not get the token.
  const { location } = response.headers
  return location === undefined ? response : access.http.send({ method: 'GET', url: location })
}

function requireEqual({ body }: HttpResponse, { bytes, digest }: Content): void {
  if (!body.equals(bytes)) throw failure(`the registry returned wrong bytes for ${digest}`)
}

/** Deletes the repository, or only the image. @throws CommandFailure if the request is denied */
export async function deleteImage(access: RepositoryAccess, image: Image, isTemporary: boolean): Promise<void> {
  const { host, repository } = access
  const path = isTemporary ? new URL(`https://${host}/acr/v1/${repository}`) : `manifests/${image.manifest.digest}`
  await ask(access, { method: 'DELETE', path }, [202, 404])
}

type Asked = Omit<HttpRequest, 'url'> & { readonly path: string | URL }

/** Sends a request with the token, to the registry alone. `path` is below the repository, or a URL. */
async function ask(
  { http, host, repository, token }: RepositoryAccess,
  { path, headers, ...request }: Asked,
  expected: readonly number[],
): Promise<HttpResponse> {
  const url = path instanceof URL ? path : new URL(`https://${host}/v2/${repository}/${path}`)
  const isRegistry = url.host === new URL(`https://${host}`).host
  const authorization = isRegistry && { authorization: `Bearer ${token}` }
  const response = await http.send({ ...request, url: url.href, headers: { ...headers, ...authorization } })
  if (expected.includes(response.status)) return response
  const { status, correlationId } = response
  throw failure(
    `${request.method} ${url.pathname} answered ${status}`,
    correlationId === undefined
      ? undefined
      : `acrux acr why ${correlationId} explains the response; the log of the server also contains the reason`,
  )
}
