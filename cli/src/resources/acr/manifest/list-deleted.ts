import { defineCommand } from '../../../framework/command/command.ts'
import { listPages } from '../../../clients/registry/pages.ts'
import { deletedPath, listDeleted } from './deleted.ts'
import { type ManifestFlags, manifestListFlags, repositoryArgument, requireRepository } from './flags.ts'

/** `acrux acr manifest list-deleted`. */
export const command = defineCommand<ManifestFlags>({
  arguments: repositoryArgument,
  flags: manifestListFlags,
  examples: ['acrux acr manifest list-deleted -r contoso -n team/app'],
  prints: 'result',
  run: async (flags, context) => {
    const selected = await requireRepository(context, flags)
    const path = deletedPath(selected.image.repository, '_manifests')
    return listDeleted(context, flags, selected, (access) => listPages(access, { path, member: 'manifests' }))
  },
})
