import { defineCommand } from '../../../framework/command/command.ts'
import { openAccess } from '../../../clients/registry/data-plane.ts'
import { pathOf } from '../../../clients/registry/image.ts'
import { type PageFlags, listPages, pageFlags } from '../../../clients/registry/pages.ts'
import { type ManifestFlags, manifestListFlags, repositoryArgument, requireRepository } from './flags.ts'

/** `acrux acr manifest list-metadata`. */
export const command = defineCommand<ManifestFlags & PageFlags>({
  arguments: repositoryArgument,
  flags: [...manifestListFlags, ...pageFlags],
  examples: ['acrux acr manifest list-metadata -r contoso -n team/app'],
  prints: 'result',
  run: async (flags, context) => {
    const { registry, image } = await requireRepository(context, flags)
    const access = await openAccess(context, registry, flags, `repository:${image.repository}:metadata_read`)
    return listPages(access, { path: pathOf(image.repository, '_manifests'), member: 'manifests' }, flags)
  },
})
