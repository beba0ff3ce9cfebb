import { send } from './client.ts'
import type { ChangeableAttributes } from './content-types.ts'
import { contentPath, manifestTypes, propertiesPath } from './registry.ts'

/** A repository, or a tag or manifest in it. */
export type ContentPlace = {
  readonly loginServer: string
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
}

/** Deletes a repository with everything in it. */
export async function deleteRepository({ loginServer, repository }: ContentPlace): Promise<void> {
  await send(propertiesPath(loginServer, repository), { method: 'DELETE' })
}

/** Deletes a tag, not its manifest. */
export async function deleteTag({ loginServer, repository }: ContentPlace, tag: string): Promise<void> {
  await send(propertiesPath(loginServer, repository, ['_tags', tag]), { method: 'DELETE' })
}

/** Deletes a manifest with its tags. */
export async function deleteManifest({ loginServer, repository }: ContentPlace, digest: string): Promise<void> {
  await send(contentPath(loginServer, repository, ['manifests', digest]), { method: 'DELETE' })
}

/** Locks or unlocks a repository, a tag or a manifest. */
export async function changeLocks(
  { loginServer, repository, tag, digest }: ContentPlace,
  body: ChangeableAttributes,
): Promise<void> {
  const rest = tag !== undefined ? ['_tags', tag] : digest !== undefined ? ['_manifests', digest] : []
  await send(propertiesPath(loginServer, repository, rest), { method: 'PATCH', body })
}

/** Describes a repository. An empty text removes the description. */
export async function changeDescription({ loginServer, repository }: ContentPlace, description: string): Promise<void> {
  await send(propertiesPath(loginServer, repository), { method: 'PATCH', body: { description } })
}

/** Gives a manifest a further tag. A tag that exists is moved to it. */
export async function addTag({ loginServer, repository }: ContentPlace, digest: string, tag: string): Promise<void> {
  const found = await send(contentPath(loginServer, repository, ['manifests', digest]), { accept: manifestTypes })
  const content = { bytes: await found.arrayBuffer(), mediaType: found.headers.get('content-type') ?? '' }
  await send(contentPath(loginServer, repository, ['manifests', tag]), { method: 'PUT', content })
}

/** Points a tag to a manifest to which it pointed before. */
export async function revertTag({ loginServer, repository }: ContentPlace, tag: string, digest: string): Promise<void> {
  const path = propertiesPath(loginServer, repository, ['_tags', tag, '_revert'])
  await send(path, { method: 'POST', body: { digest } })
}
