import { type Access, askDataPlane, documentIn } from '../../../clients/registry/data-plane.ts'
import { pathOf } from '../../../clients/registry/image.ts'
import { listAll, listPages } from '../../../clients/registry/pages.ts'
import { timeMs } from '../../../framework/values/duration.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { concurrently } from './concurrently.ts'
import type { ListedManifest, ListedTag, References } from './model.ts'

/** Lists the tags of a repository. @throws RegistryError */
export async function listTags(access: Access, repository: string): Promise<ListedTag[]> {
  const tags = await listPages(access, { path: pathOf(repository, '_tags'), member: 'tags' })
  return tags.map((tag) => ({ name: String(valueAt(tag, 'name')), ...commonOf(tag) }))
}

/** Lists the manifests of a repository. @throws RegistryError */
export async function listManifests(access: Access, repository: string): Promise<ListedManifest[]> {
  const manifests = await listPages(access, { path: pathOf(repository, '_manifests'), member: 'manifests' })
  return manifests.map((manifest) => ({
    ...commonOf(manifest),
    mediaType: String(valueAt(manifest, 'mediaType')),
    tags: textsOf(valueAt(manifest, 'tags')),
  }))
}

/** Whether a repository is locked, so that nothing in it can be deleted. @throws RegistryError */
export async function isRepositoryLocked(access: Access, repository: string): Promise<boolean> {
  return isLocked(documentIn(await askDataPlane(access, { method: 'GET', path: pathOf(repository) })))
}

function isLocked(item: unknown): boolean {
  return ['deleteEnabled', 'writeEnabled'].some((name) => valueAt(item, `changeableAttributes.${name}`) === false)
}

function commonOf(item: unknown): Omit<ListedTag, 'name'> {
  return {
    digest: String(valueAt(item, 'digest')),
    // Content without a time is new.
    updatedAtMs: timeMs(valueAt(item, 'lastUpdateTime')) ?? Infinity,
    pulledAtMs: timeMs(valueAt(item, 'lastPullTime')),
    isLocked: isLocked(item),
  }
}

/** The media types of indexes. */
const indexTypes: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

/**
 * Reads the references of each manifest from the properties of indexes and the lists of referrers, because reading a
 * manifest would count as a pull.
 *
 * @throws RegistryError also if a manifest is missing, because its references are then unknown
 */
export async function readReferences(
  access: Access,
  repository: string,
  { manifests, concurrency }: { readonly manifests: readonly ListedManifest[]; readonly concurrency: number },
): Promise<Map<string, References>> {
  const children = new Map<string, readonly string[]>()
  const subjects = new Map<string, string>()
  await concurrently(manifests, concurrency, async ({ digest, mediaType }) => {
    if (indexTypes.includes(mediaType)) {
      const index = await askDataPlane(access, { method: 'GET', path: pathOf(repository, '_manifests', digest) })
      children.set(digest, digestsIn(documentIn(index, 'manifest.references')))
    }
    const referrers = await listAll(access, { path: `/v2/${repository}/referrers/${digest}`, member: 'manifests' }, {})
    for (const referrer of digestsIn(referrers)) subjects.set(referrer, digest)
  })
  return new Map(
    manifests.map(({ digest }) => [digest, { children: children.get(digest) ?? [], subject: subjects.get(digest) }]),
  )
}

function digestsIn(list: unknown): readonly string[] {
  return textsOf((Array.isArray(list) ? (list as unknown[]) : []).map((each) => valueAt(each, 'digest')))
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? (value as unknown[]) : []).filter((each) => typeof each === 'string')
}
