import type { OpenRegistry } from '../../../clients/registry/data-plane.ts'
import { matching } from './filter.ts'
import type { ListedManifest, ListedTag, Plan, Rules } from './model.ts'
import { isRepositoryLocked, listManifests, listTags, readReferences } from './read-repository.ts'
import { selectManifests, selectTags } from './select.ts'

export type Purge = Rules & {
  /** The expressions for the tags to delete; empty if no tags are deleted. */
  readonly tags: readonly RegExp[]
  /** Whether manifests without a tag are deleted. */
  readonly untagged: boolean
  readonly filterTimeoutSeconds: number
  readonly concurrency: number
}

/** The access scope of a purge. */
export function purgeScope(repository: string): string {
  return `repository:${repository}:pull,metadata_read,delete`
}

/** Finds the content to delete from a repository. @throws CommandFailure */
export async function planPurge(registry: OpenRegistry, repository: string, purge: Purge): Promise<Plan> {
  const access = await registry.access(purgeScope(repository))
  if (await isRepositoryLocked(access, repository)) return { repository, tags: [], manifests: [], locked: [repository] }
  const needsManifests = purge.untagged || purge.pulledBeforeMs !== undefined
  const tags = await listTags(access, repository)
  const manifests = needsManifests ? await listManifests(access, repository) : []
  const selected = selectTags(matchedTags(tags, manifests, purge), purge)
  const nothing = { deleted: [], locked: [] }
  const unneeded = purge.untagged ? await planManifests() : nothing
  return {
    repository,
    tags: selected.deleted.map(({ name }) => name),
    manifests: unneeded.deleted,
    locked: [...selected.locked.map(({ name }) => name), ...unneeded.locked],
  }

  async function planManifests() {
    const deletedTags = new Set(selected.deleted.map(({ name }) => name))
    const remainingTags = (manifest: ListedManifest) => manifest.tags.filter((name) => !deletedTags.has(name)).length
    if (manifests.every((each) => remainingTags(each) > 0)) return nothing
    const { concurrency } = purge
    const references = await readReferences(access, repository, { manifests, concurrency })
    return selectManifests(manifests, references, { rules: purge, remainingTags })
  }
}

/** The tags that the filters match. A pull by the digest of a tag counts as a pull of the tag. */
function matchedTags(
  tags: readonly ListedTag[],
  manifests: readonly ListedManifest[],
  { tags: expressions, filterTimeoutSeconds }: Purge,
): ListedTag[] {
  const pulledAtMs = new Map(manifests.map((manifest) => [manifest.digest, manifest.pulledAtMs]))
  const names = tags.map(({ name }) => name)
  const matched = new Set(matching(names, expressions, filterTimeoutSeconds))
  return tags
    .filter(({ name }) => matched.has(name))
    .map((tag) => ({ ...tag, pulledAtMs: later(tag.pulledAtMs, pulledAtMs.get(tag.digest)) }))
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}
