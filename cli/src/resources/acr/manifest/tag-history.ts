import { type Access, askDataPlane, documentIn, openAccess } from '../../../clients/registry/data-plane.ts'
import { pathOf } from '../../../clients/registry/image.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { yesFlag } from '../../../framework/options/flags.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { cell, timeCell } from '../tables.ts'
import { type ManifestFlags, deletedFlags, manifestArgument, requireRestorable } from './flags.ts'
import { previousDigest } from './previous-digest.ts'

/** A tag in a registry. */
type SelectedTag = { readonly registry: string; readonly repository: string; readonly tag: string }

async function requireTag(context: CommandContext, flags: ManifestFlags): Promise<SelectedTag> {
  const { registry, image, text } = await requireRestorable(context, flags)
  const { repository, tag } = image
  if (tag === undefined) throw failure(`'${text}' names no tag`, `name a tag, such as ${text}:latest`)
  return { registry, repository, tag }
}

/** The changes of a tag, newest first. */
async function fetchChanges(access: Access, { repository, tag }: SelectedTag): Promise<readonly unknown[]> {
  const path = `${pathOf(repository, '_tags', tag)}/_history`
  const changes = documentIn(await askDataPlane(access, { method: 'GET', path }), 'changes')
  return Array.isArray(changes) ? changes : []
}

/** `acrux acr tag history`. */
export const tagHistory = defineCommand<ManifestFlags>({
  about: `
The list shows at most 100 changes of the last 365 days, newest first. The history of a deleted tag is also available.`,
  arguments: manifestArgument,
  flags: deletedFlags,
  examples: [
    'acrux acr tag history -r contoso -n team/app:1 -o table',
    "acrux acr tag history -r contoso -n team/app:1 --query '[].digest' -o tsv",
  ],
  table: (changes: readonly unknown[]) =>
    changes.map((change) => ({
      Time: timeCell(change, 'time'),
      Cause: cell(change, 'cause'),
      By: cell(change, 'by.name'),
      Digest: cell(change, 'digest'),
      Exists: cell(change, 'exists'),
    })),
  run: async (flags, context) => {
    const selected = await requireTag(context, flags)
    const scope = `repository:${selected.repository}:metadata_read`
    return fetchChanges(await openAccess(context, selected.registry, flags, scope), selected)
  },
})

type RevertFlags = ManifestFlags & { readonly to?: string; readonly dryRun?: true; readonly yes?: true }

/** `acrux acr tag revert`. */
export const revertTag = defineCommand<RevertFlags>({
  about: `
The command moves a tag back to a manifest to which the tag pointed before. The manifest must still exist. The caller
needs the permission to push. The history of the tag records the move, so a second revert can undo the move.`,
  arguments: manifestArgument,
  flags: [
    ...deletedFlags,
    {
      flags: '--to <digest>',
      description: 'the digest of the manifest. Default: the last existing manifest to which the tag pointed before',
    },
    { flags: '--dry-run', description: 'only print the change' },
    yesFlag,
  ],
  examples: [
    'acrux acr tag revert -r contoso -n team/app:1 --dry-run',
    'acrux acr tag revert -r contoso -n team/app:1',
    'acrux acr tag revert -r contoso -n team/app:1 --to sha256:abc123 --yes',
  ],
  run: async (flags, context) => {
    const selected = await requireTag(context, flags)
    const { registry, repository, tag } = selected
    const access = await openAccess(context, registry, flags, `repository:${repository}:pull,push,metadata_read`)
    const changes = await fetchChanges(access, selected)
    const to = flags.to ?? previousDigest(changes)
    if (to === undefined)
      throw failure(
        `The tag '${repository}:${tag}' has no earlier manifest that still exists`,
        `show the changes of the tag: acrux acr tag history -r ${registry} -n ${repository}:${tag} -o table`,
      )
    const from = valueAt(changes[0], 'digest')
    if (flags.dryRun === true) return { repository, tag, ...(typeof from === 'string' && { from }), to }
    const start = typeof from === 'string' ? ` from ${from}` : ''
    await context.confirm(`Are you sure you want to move the tag '${repository}:${tag}'${start} to ${to}?`, flags.yes)
    const path = `${pathOf(repository, '_tags', tag)}/_revert`
    return documentIn(await askDataPlane(access, { method: 'POST', path, body: { digest: to } }))
  },
})
