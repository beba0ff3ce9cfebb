import { readJson, send } from './client.ts'
import type {
  DeletedManifestList,
  DeletedTagList,
  ManifestDocument,
  ManifestProperties,
  ManifestPropertiesList,
  RepositoryNames,
  RepositoryProperties,
  TagDocument,
  TagProperties,
  TagPropertiesList,
} from './content-types.ts'

/** How many rows of a list are read at once. */
export const pageSize = 100

/** How many names are read at once: the maximum of the server. */
const namePageSize = 1000

const maxManifestLength = 4 * 1024 * 1024

/** One page of a list, and where the next one begins. */
export type Page<Item> = { readonly items: readonly Item[]; readonly next: string | undefined }

/** The orders of a list of tags or manifests. */
export type ListOrder = 'newest' | 'oldest' | 'name'

/** What the person may do in a repository, such as `delete`, as the token service answered. */
export type Access = ReadonlySet<string>

const orders: Readonly<Record<ListOrder, string>> = { newest: 'timedesc', oldest: 'timeasc', name: 'none' }

const namePath = (repository: string) => repository.split('/').map(encodeURIComponent).join('/')

/** The path of the data plane of a registry. */
export const registryPath = (loginServer: string) => `registry/${encodeURIComponent(loginServer)}`

/** The path of the properties of a repository, or of something in it. */
export const propertiesPath = (loginServer: string, repository: string, rest: readonly string[] = []) =>
  [`${registryPath(loginServer)}/acr/v1/${namePath(repository)}`, ...rest.map(encodeURIComponent)].join('/')

/** The path of the deleted content of a repository. */
export const deletedPath = (loginServer: string, repository: string, rest: readonly string[]) =>
  [`${registryPath(loginServer)}/acr/v1/_deleted/${namePath(repository)}`, ...rest.map(encodeURIComponent)].join('/')

/** The path of content below `/v2/`. */
export const contentPath = (loginServer: string, repository: string, rest: readonly string[]) =>
  [`${registryPath(loginServer)}/v2/${namePath(repository)}`, ...rest.map(encodeURIComponent)].join('/')

/** A page of the repositories with deleted content that can be restored. */
export async function listDeletedRepositories(loginServer: string, last: string, signal: AbortSignal) {
  return listNames(`${registryPath(loginServer)}/acr/v1/_deleted/_catalog`, last, signal)
}

async function listNames(path: string, last: string, signal: AbortSignal): Promise<Page<string>> {
  const { body, headers } = await readJson<RepositoryNames>(`${path}?${pageQuery(last, namePageSize)}`, { signal })
  const items = body.repositories
  return { items, next: headers.has('link') ? items.at(-1) : undefined }
}

/** The properties of a repository, and what the person may do in it. */
export async function readRepository(loginServer: string, repository: string, signal: AbortSignal) {
  const path = propertiesPath(loginServer, repository)
  const { body, headers } = await readJson<RepositoryProperties>(path, { signal })
  return { properties: body, access: accessOf(headers) }
}

/** A page of the tags of a repository, with their manifests. */
export async function listTags(
  loginServer: string,
  repository: string,
  { last, order }: { readonly last: string; readonly order: ListOrder },
  signal: AbortSignal,
): Promise<Page<TagProperties>> {
  const path = `${propertiesPath(loginServer, repository, ['_tags'])}?${pageQuery(last)}&orderby=${orders[order]}&expand=manifest`
  const { body, headers } = await readJson<TagPropertiesList>(path, { signal })
  const items = body.tags ?? []
  return { items, next: headers.has('link') ? items.at(-1)?.name : undefined }
}

/** A page of the manifests of a repository. */
export async function listManifests(
  loginServer: string,
  repository: string,
  { last, order }: { readonly last: string; readonly order: ListOrder },
  signal: AbortSignal,
): Promise<Page<ManifestProperties>> {
  const path = `${propertiesPath(loginServer, repository, ['_manifests'])}?${pageQuery(last)}&orderby=${orders[order]}`
  const { body, headers } = await readJson<ManifestPropertiesList>(path, { signal })
  const items = body.manifests ?? []
  return { items, next: headers.has('link') ? items.at(-1)?.digest : undefined }
}

/** The properties of a tag. */
export async function readTag(loginServer: string, repository: string, tag: string, signal: AbortSignal) {
  const path = propertiesPath(loginServer, repository, ['_tags', tag])
  return (await readJson<TagDocument>(path, { signal })).body.tag
}

/** The properties of a manifest, with its platforms. */
export async function readManifestProperties(
  loginServer: string,
  repository: string,
  digest: string,
  signal: AbortSignal,
) {
  const path = `${propertiesPath(loginServer, repository, ['_manifests', digest])}?expand=manifest`
  return (await readJson<ManifestDocument>(path, { signal })).body.manifest
}

/** The deleted manifests of a repository. */
export async function listDeletedManifests(loginServer: string, repository: string, signal: AbortSignal) {
  const path = `${deletedPath(loginServer, repository, ['_manifests'])}?${pageQuery('', namePageSize)}`
  const { body, headers } = await readJson<DeletedManifestList>(path, { signal })
  return { manifests: body.manifests, isCut: headers.has('link'), access: accessOf(headers) }
}

/** The deleted tags of a repository. */
export async function listDeletedTags(loginServer: string, repository: string, signal: AbortSignal) {
  const path = `${deletedPath(loginServer, repository, ['_tags'])}?${pageQuery('', namePageSize)}`
  return (await readJson<DeletedTagList>(path, { signal })).body.tags
}

/** The size of a page and where it begins, for the address of a list. */
export function pageQuery(last: string, size = pageSize): string {
  return new URLSearchParams({ n: String(size), ...(last !== '' && { last }) }).toString()
}

/** Where the next page begins: `last` in the address of the link. */
export function nextOf(headers: Headers): string | undefined {
  const link = /<([^>]*)>/.exec(headers.get('link') ?? '')?.[1]
  return link === undefined ? undefined : (new URL(link, location.origin).searchParams.get('last') ?? undefined)
}

function accessOf(headers: Headers): Access {
  return new Set((headers.get('x-acrux-access') ?? '').split(','))
}

/** A manifest as it was pushed. */
export type RawManifest = {
  readonly text: string
  readonly digest: string
  readonly mediaType: string
  readonly sizeBytes: number
  readonly access: Access
}

/** The media types of manifests that the portal accepts. */
export const manifestTypes = [
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
  const path = contentPath(loginServer, repository, ['manifests', reference])
  const response = await send(path, { accept: manifestTypes, signal })
  const bytes = await response.arrayBuffer()
  return {
    text: new TextDecoder().decode(bytes.slice(0, maxManifestLength)),
    digest: response.headers.get('docker-content-digest') ?? reference,
    mediaType: response.headers.get('content-type') ?? '',
    sizeBytes: bytes.byteLength,
    access: accessOf(response.headers),
  }
}

/** Reads a blob as text: a configuration. The server reads it from an object store, which this page may not. */
export async function readBlobText(loginServer: string, repository: string, digest: string, signal: AbortSignal) {
  const path = contentPath(loginServer, repository, ['blobs', digest])
  return (await send(path, { accept: '*/*', headers: { 'x-acrux-redirect': 'no' }, signal })).text()
}

/** The manifests that refer to a manifest. */
export async function readReferrers(loginServer: string, repository: string, digest: string, signal: AbortSignal) {
  const accept = 'application/vnd.oci.image.index.v1+json'
  const path = contentPath(loginServer, repository, ['referrers', digest])
  return (await readJson<unknown>(path, { accept, signal })).body
}
