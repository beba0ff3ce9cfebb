import { createHash } from 'node:crypto'
import type { HttpResponse } from '../../../clients/http/http.ts'
import { type Access, RegistryError, askDataPlane, documentIn } from '../../../clients/registry/data-plane.ts'
import type { Image } from '../../../clients/registry/image.ts'
import { failure } from '../../../framework/command/failure.ts'
import { valueAt } from '../../../framework/values/shape.ts'

const accept = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

/** Node's names of processor architectures, and the corresponding names in images. [OCI image-spec, platform] */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

/**
 * Pulls the manifest of an image. From an index, the function selects the manifest for this platform. @throws
 * RegistryError, CommandFailure
 */
export async function pullManifest(
  access: Access,
  image: Image,
): Promise<{ readonly manifest: unknown; readonly detail: string }> {
  const reference = image.digest ?? image.tag ?? 'latest'
  const first = await getManifest(access, image.repository, reference)
  const children = valueAt(documentIn(first), 'manifests')
  if (!Array.isArray(children)) return { manifest: documentIn(first), detail: digestOf(first) }
  const architecture = architectures[process.arch] ?? process.arch
  const child: unknown =
    children.find(
      (each) => valueAt(each, 'platform.os') === 'linux' && valueAt(each, 'platform.architecture') === architecture,
    ) ?? children[0]
  const digest = valueAt(child, 'digest')
  if (typeof digest !== 'string') throw failure(`the index ${digestOf(first)} contains no manifest`)
  const pulled = await getManifest(access, image.repository, digest)
  return {
    manifest: documentIn(pulled),
    detail: `${digestOf(pulled)}, one of ${children.length} manifests in an index`,
  }
}

async function getManifest(access: Access, repository: string, reference: string): Promise<HttpResponse> {
  const path = `/v2/${repository}/manifests/${reference}`
  const response = await askDataPlane(access, { method: 'GET', path, accept }).catch((error: unknown) => {
    if (!(error instanceof RegistryError) || error.status !== 404) throw error
    const name = access.loginServer.split(/[.:]/)[0] ?? ''
    throw failure(error.message, `list the tags: acrux acr repository show-tags -n ${name} --repository ${repository}`)
  })
  if (reference.startsWith('sha256:')) requireDigest(response, reference)
  return response
}

/**
 * Pulls the configuration of an image, which is the first blob of its manifest, and describes what was received.
 * @throws CommandFailure
 */
export async function pullConfiguration(access: Access, { repository }: Image, manifest: unknown): Promise<string> {
  const digest = valueAt(manifest, 'config.digest')
  if (typeof digest !== 'string') throw failure('the manifest refers to no configuration')
  const { http, loginServer, authorization } = access
  const url = `https://${loginServer}/v2/${repository}/blobs/${digest}`
  const first = await http.send({ method: 'GET', url, headers: { authorization } })
  const { location } = first.headers
  // Another server, such as an object store, must not receive the token.
  const isElsewhere = (first.status === 302 || first.status === 307) && location !== undefined
  const response = isElsewhere ? await http.send({ method: 'GET', url: new URL(location, url).href }) : first
  if (response.status !== 200)
    throw failure(
      `the blob ${digest} could not be downloaded: status ${response.status}`,
      response.correlationId === undefined ? undefined : `acrux acr why ${response.correlationId} explains a denial`,
    )
  requireDigest(response, digest)
  return `${digest}, ${response.body.length} bytes${isElsewhere ? ', redirected' : ''}`
}

function digestOf({ body }: HttpResponse): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`
}

function requireDigest(response: HttpResponse, digest: string): void {
  if (digest.startsWith('sha256:') && digestOf(response) !== digest)
    throw failure(`the content of ${digest} is corrupt`, 'verify the server: acrux scrub')
}
