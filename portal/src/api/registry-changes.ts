import { send } from './client.ts'
import type { ChangeableAttributes } from './content-types.ts'
import { contentPath, deletedPath, propertiesPath } from './registry.ts'

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

/** Restores a deleted manifest, with a tag if there is one. `force` moves a tag that points to another manifest. */
export async function restoreManifest(
  { loginServer, repository }: ContentPlace,
  digest: string,
  { tag, force }: { readonly tag: string | undefined; readonly force: boolean },
): Promise<void> {
  const path = deletedPath(loginServer, repository, ['_manifests', digest])
  await send(`${path}?force=${String(force)}`, { method: 'POST', body: tag === undefined ? {} : { tag } })
}
