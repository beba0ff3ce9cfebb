import { readJson, send } from './client.ts'
import type { Catalog, TagList } from './registry-types.ts'

/** How many rows of a list are read at once. */
export const pageSize = 100

const maxManifestLength = 4 * 1024 * 1024

/** One page of a list, and where the next one begins. */
export type Page<Item> = { readonly items: readonly Item[]; readonly last: string | undefined }

const registryPath = (loginServer: string) => `registry/${encodeURIComponent(loginServer)}`
const namePath = (repository: string) => repository.split('/').map(encodeURIComponent).join('/')

/** A page of the repositories that the person may see. */
export async function listRepositories(loginServer: string, last: string, signal: AbortSignal): Promise<Page<string>> {
  const query = pageQuery(last)
  const { body, headers } = await readJson<Catalog>(`${registryPath(loginServer)}/acr/v1/_catalog?${query}`, { signal })
  const items = body.repositories ?? []
  return { items, last: headers.has('link') ? items.at(-1) : undefined }
}

/** A page of the tags of a repository, the newest first. */
export async function listTags(loginServer: string, repository: string, last: string, signal: AbortSignal) {
  const query = `${pageQuery(last)}&orderby=timedesc`
  const path = `${registryPath(loginServer)}/acr/v1/${namePath(repository)}/_tags?${query}`
  const { body, headers } = await readJson<TagList>(path, { signal })
  const items = body.tags ?? []
  return { items, last: headers.has('link') ? items.at(-1)?.name : undefined }
}

function pageQuery(last: string): string {
  return new URLSearchParams({ n: String(pageSize), ...(last !== '' && { last }) }).toString()
}

/** A manifest as it was pushed. */
export type RawManifest = {
  readonly text: string
  readonly digest: string
  readonly mediaType: string
  readonly sizeBytes: number
}

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  '*/*',
].join(', ')

/** Reads a manifest by tag or digest. */
export async function readManifest(
  loginServer: string,
  repository: string,
  reference: string,
  signal: AbortSignal,
): Promise<RawManifest> {
  const path = `${registryPath(loginServer)}/v2/${namePath(repository)}/manifests/${encodeURIComponent(reference)}`
  const response = await send(path, { accept: manifestTypes, signal })
  const bytes = await response.arrayBuffer()
  return {
    text: new TextDecoder().decode(bytes.slice(0, maxManifestLength)),
    digest: response.headers.get('docker-content-digest') ?? reference,
    mediaType: response.headers.get('content-type') ?? '',
    sizeBytes: bytes.byteLength,
  }
}

/** Reads a blob as text: a configuration. */
export async function readBlobText(loginServer: string, repository: string, digest: string, signal: AbortSignal) {
  const path = `${registryPath(loginServer)}/v2/${namePath(repository)}/blobs/${encodeURIComponent(digest)}`
  return (await send(path, { accept: '*/*', signal })).text()
}

/** The manifests that refer to a manifest. */
export async function readReferrers(loginServer: string, repository: string, digest: string, signal: AbortSignal) {
  const path = `${registryPath(loginServer)}/v2/${namePath(repository)}/referrers/${encodeURIComponent(digest)}`
  return (await readJson<unknown>(path, { accept: 'application/vnd.oci.image.index.v1+json', signal })).body
}
