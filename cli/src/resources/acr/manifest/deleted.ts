import { getNamedRegistry } from '../../../clients/arm/named-registry.ts'
import { type Access, askDataPlane, documentIn, openAccess } from '../../../clients/registry/data-plane.ts'
import type { Image } from '../../../clients/registry/image.ts'
import { listPages } from '../../../clients/registry/pages.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { yesFlag } from '../../../framework/options/flags.ts'
import { isRecord } from '../../../framework/values/record.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import {
  type ManifestFlags,
  type Selected,
  deletedFlags,
  manifestArgument,
  manifestListFlags,
  permissiveArgument,
  repositoryArgument,
  requirePermissiveRepository,
  requireRepository,
  requireRestorable,
} from './flags.ts'

/** The path of the soft-deleted tags or manifests of a repository. */
function deletedPath(repository: string, kind: '_tags' | '_manifests', digest?: string): string {
  return `/acr/v1/_deleted/${repository}/${kind}${digest === undefined ? '' : `/${digest}`}`
}

/**
 * The soft-deleted tags of a repository, or the deleted tags with the name of the image's tag. The last tag was deleted
 * last.
 */
async function fetchDeletedTags(access: Access, { repository, tag }: Image): Promise<readonly unknown[]> {
  const tags = await listPages(access, { path: deletedPath(repository, '_tags'), member: 'tags' })
  return tag === undefined ? tags : tags.filter((each) => valueAt(each, 'tag') === tag)
}

/** Lists deleted content of the selected repository, with the time at which each item is purged. */
async function fetchDeleted(
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

/** A time some days later, with the same time of day. */
function daysLater(time: string, days: number): string {
  const [date = '', timeOfDay = ''] = time.split('T')
  const later = new Date(`${date}T00:00:00Z`)
  later.setUTCDate(later.getUTCDate() + days)
  return `${later.toISOString().slice(0, 10)}T${timeOfDay}`
}

/** `acrux acr manifest list-deleted`. */
export const listDeleted = defineCommand<ManifestFlags>({
  arguments: repositoryArgument,
  flags: manifestListFlags,
  examples: ['acrux acr manifest list-deleted -r contoso -n team/app'],
  run: async (flags, context) => {
    const selected = await requireRepository(context, flags)
    const path = deletedPath(selected.image.repository, '_manifests')
    return fetchDeleted(context, flags, selected, (access) => listPages(access, { path, member: 'manifests' }))
  },
})

/** `acrux acr manifest list-deleted-tags`. */
export const listDeletedTags = defineCommand<ManifestFlags>({
  arguments: permissiveArgument,
  flags: deletedFlags,
  examples: [
    'acrux acr manifest list-deleted-tags -r contoso -n team/app',
    'acrux acr manifest list-deleted-tags -r contoso -n team/app:1',
  ],
  run: async (flags, context) => {
    const selected = await requirePermissiveRepository(context, flags)
    return fetchDeleted(context, flags, selected, (access) => fetchDeletedTags(access, selected.image))
  },
})

type RestoreManifestFlags = ManifestFlags & { readonly digest?: string; readonly force?: true; readonly yes?: true }

/** `acrux acr manifest restore`. */
export const restoreManifest = defineCommand<RestoreManifestFlags>({
  arguments: manifestArgument,
  flags: [
    ...deletedFlags,
    {
      flags: '-d, --digest <digest>',
      description: 'the digest of the manifest. Default: the digest of the deleted tag',
    },
    { flags: '-f, --force', description: 'move the tag if the tag points to another manifest' },
    yesFlag,
  ],
  examples: [
    'acrux acr manifest restore -r contoso -n team/app:1',
    'acrux acr manifest restore -r contoso -n team/app:1 -d sha256:abc123',
  ],
  run: async (flags, context) => {
    const { registry, image } = await requireRestorable(context, flags)
    const { repository, tag = null } = image
    const scope = `repository:${repository}:deleted_read,deleted_restore`
    const access = await openAccess(context, registry, flags, scope)
    const digest = flags.digest ?? (await deletedDigest(context, access, { image, yes: flags.yes }))
    const path = deletedPath(repository, '_manifests', digest)
    const query = { force: String(flags.force === true) }
    return documentIn(await askDataPlane(access, { method: 'POST', path, query, body: { tag } }))
  },
})

/** The manifest that the deleted tag named last. */
async function deletedDigest(
  context: CommandContext,
  access: Access,
  { image, yes }: { readonly image: Image; readonly yes: true | undefined },
): Promise<string> {
  const { tag } = image
  const digests =
    tag === undefined ? [] : (await fetchDeletedTags(access, image)).map((each) => String(valueAt(each, 'digest')))
  const last = digests.at(-1)
  if (last === undefined)
    throw failure(
      `No deleted manifests found for tag: ${tag ?? 'None'}`,
      `list the deleted tags: acrux acr manifest list-deleted-tags -r REGISTRY -n ${image.repository}`,
    )
  if (digests.length > 1) {
    const question = `Multiple deleted manifests found for tag: ${tag}. Restoring most recently deleted manifest with digest: ${last}. Is this okay?`
    await context.confirm(question, yes)
  }
  return last
}
