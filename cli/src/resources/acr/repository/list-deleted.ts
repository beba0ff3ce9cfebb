import { defineCommand } from '../../../framework/command/command.ts'
import { openAccess } from '../../../clients/registry/data-plane.ts'
import { listPages } from '../../../clients/registry/pages.ts'
import { type RepositoryFlags, registryAccessFlags } from './flags.ts'

/** `acrux acr repository list-deleted`. */
export const command = defineCommand<RepositoryFlags>({
  flags: registryAccessFlags,
  examples: ['acrux acr repository list-deleted -n contoso'],
  prints: 'result',
  run: async (flags, context) => {
    const access = await openAccess(context, flags.name, flags, 'registry:deleted_catalog:*')
    return listPages(access, { path: '/acr/v1/_deleted/_catalog', member: 'repositories' })
  },
})
