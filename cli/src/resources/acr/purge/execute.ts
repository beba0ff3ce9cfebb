import { type Access, type OpenRegistry, RegistryError, askDataPlane } from '../../../clients/registry/data-plane.ts'
import { pathOf } from '../../../clients/registry/image.ts'
import { concurrently } from './concurrently.ts'
import type { Plan } from './model.ts'
import { purgeScope } from './plan.ts'

/** The result of the purge of a repository, as tags and digests. */
export type Purged = {
  readonly repository: string
  readonly tags: readonly string[]
  readonly manifests: readonly string[]
  readonly locked: readonly string[]
  readonly failed: readonly { readonly reference: string; readonly reason: string }[]
}

/** The number of deletions with one access token, which expires after some time. */
const deletionsPerToken = 1000

/**
 * Executes a plan: first deletes the tags, then the manifests. If a deletion fails, no later wave is deleted, because
 * an index must not lose its manifests. `onDone` is called after each deletion.
 */
export async function executePlan(
  registry: OpenRegistry,
  { repository, ...plan }: Plan,
  { concurrency, onDone }: { readonly concurrency: number; readonly onDone: () => void },
): Promise<Purged> {
  const purged = { tags: [] as string[], manifests: [] as string[] }
  const locked = [...plan.locked]
  const failed: { reference: string; reason: string }[] = []
  const waves = [
    { kind: 'tags', names: plan.tags } as const,
    ...plan.manifests.map((names) => ({ kind: 'manifests', names }) as const),
  ]
  for (const { kind, names } of waves) {
    if (failed.length > 0 || locked.length > plan.locked.length) {
      for (const reference of names) failed.push({ reference, reason: 'an earlier object could not be deleted' })
      continue
    }
    for (let start = 0; start < names.length; start += deletionsPerToken) {
      const access = await registry.access(purgeScope(repository))
      await concurrently(names.slice(start, start + deletionsPerToken), concurrency, async (name) => {
        const path = kind === 'tags' ? pathOf(repository, '_tags', name) : `/v2/${repository}/manifests/${name}`
        const outcome = await deleteOne(access, path)
        if (outcome === 'deleted') purged[kind].push(name)
        else if (outcome === 'locked') locked.push(name)
        else if (outcome !== 'missing') failed.push({ reference: name, reason: outcome.message })
        onDone()
      })
    }
  }
  return { repository, ...purged, locked, failed }
}

async function deleteOne(access: Access, path: string): Promise<'deleted' | 'missing' | 'locked' | RegistryError> {
  try {
    await askDataPlane(access, { method: 'DELETE', path })
    return 'deleted'
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    if (error.status === 404) return 'missing'
    return error.status === 405 ? 'locked' : error
  }
}
