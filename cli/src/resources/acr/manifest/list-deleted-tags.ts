import { defineCommand } from '../../../framework/command/command.ts'
import { listDeleted, listDeletedTags } from './deleted.ts'
import { type ManifestFlags, deletedFlags, permissiveArgument, requirePermissiveRepository } from './flags.ts'

/** `acrux acr manifest list-deleted-tags`. */
export const command = defineCommand<ManifestFlags>({
  arguments: permissiveArgument,
  flags: deletedFlags,
  examples: [
    'acrux acr manifest list-deleted-tags -r contoso -n team/app',
    'acrux acr manifest list-deleted-tags -r contoso -n team/app:1',
  ],
  prints: 'result',
  run: async (flags, context) => {
    const selected = await requirePermissiveRepository(context, flags)
    return listDeleted(context, flags, selected, (access) => listDeletedTags(access, selected.image))
  },
})
