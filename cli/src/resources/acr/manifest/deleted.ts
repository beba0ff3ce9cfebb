import { valueAt } from '../../../framework/values/shape.ts'
import { isRecord } from '../../../framework/values/sorted-keys.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { type Access, openAccess } from '../../../clients/registry/data-plane.ts'
import type { Image } from '../../../clients/registry/image.ts'
import { getNamedRegistry } from '../../../clients/arm/named-registry.ts'
import { listPages } from '../../../clients/registry/pages.ts'
import type { ManifestFlags, Selected } from './flags.ts'

/** The path of the soft-deleted tags or manifests of a repository. */
export function deletedPath(repository: string, kind: '_tags' | '_manifests', digest?: string): string {
  return `/acr/v1/_deleted/${repository}/${kind}${digest === undefined ? '' : `/${digest}`}`
}

/** The soft-deleted tags of a repository, or those with the name of the image's tag. The last one was deleted last. */
export async function listDeletedTags(access: Access, { repository, tag }: Image): Promise<readonly unknown[]> {
  const tags = await listPages(access, { path: deletedPath(repository, '_tags'), member: 'tags' })
  return tag === undefined ? tags : tags.filter((each) => valueAt(each, 'tag') === tag)
}

/** Lists deleted content of the selected repository, with the time at which each item is purged. */
export async function listDeleted(
  context: CommandContext,
  flags: ManifestFlags,
  { registry, image }: Selected,
  list: (access: Access) => Promise<readonly unknown[]>,
): Promise<readonly unknown[]> {
  const access = await openAccess(context, registry, flags, `repository:${image.repository}:deleted_read`)
  const items = await list(access)
  const days = await retentionDays(context, registry, flags)
  return items.map((each) =>
    isRecord(each) ? { ...each, expiresAfter: daysLater(String(each['deletedAt']), days) } : each,
  )
}

async function retentionDays(context: CommandContext, name: string, flags: ManifestFlags): Promise<number> {
  const { subscription } = flags
  const { response } = await getNamedRegistry(context, { name, ...(subscription !== undefined && { subscription }) })
  const days = valueAt(response, 'properties.policies.softDeletePolicy.retentionDays')
  if (typeof days === 'number') return days
  throw failure(`Unable to retrieve soft-delete retention day policy for registry ${name}`)
}

/** A time some days later. The time of day keeps its text. */
function daysLater(time: string, days: number): string {
  const [date = '', timeOfDay = ''] = time.split('T')
  const later = new Date(`${date}T00:00:00Z`)
  later.setUTCDate(later.getUTCDate() + days)
  return `${later.toISOString().slice(0, 10)}T${timeOfDay}`
}
