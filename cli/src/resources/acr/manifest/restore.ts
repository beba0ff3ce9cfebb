import { yesFlag } from '../../../framework/options/flags.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { type Access, askDataPlane, documentIn, openAccess } from '../../../clients/registry/data-plane.ts'
import type { Image } from '../../../clients/registry/image.ts'
import { deletedPath, listDeletedTags } from './deleted.ts'
import { type ManifestFlags, deletedFlags, manifestArgument, requireRestorable } from './flags.ts'

type Flags = ManifestFlags & { readonly digest?: string; readonly force?: true; readonly yes?: true }

/** `acrux acr manifest restore`. */
export const command = defineCommand<Flags>({
  arguments: manifestArgument,
  flags: [
    ...deletedFlags,
    { flags: '-d, --digest <digest>', description: 'the digest of the manifest. Default: that of the deleted tag' },
    { flags: '-f, --force', description: 'move the tag if it points to another manifest' },
    yesFlag,
  ],
  examples: [
    'acrux acr manifest restore -r contoso -n team/app:1',
    'acrux acr manifest restore -r contoso -n team/app:1 -d sha256:abc123',
  ],
  prints: 'result',
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
    tag === undefined ? [] : (await listDeletedTags(access, image)).map((each) => String(valueAt(each, 'digest')))
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
