import { defineCommand } from '../../../framework/command/command.ts'
import { openAccess } from '../../../clients/registry/data-plane.ts'
import { type PageFlags, listPages, topFlag } from '../../../clients/registry/pages.ts'
import { type RepositoryFlags, repositoryFlags } from './flags.ts'

/** `acrux acr repository list`. */
export const command = defineCommand<RepositoryFlags & Pick<PageFlags, 'top'>>({
  flags: [...repositoryFlags, topFlag],
  examples: [
    'acrux acr repository list -n contoso -o table',
    'acrux acr repository list -n contoso -u device -p @password',
  ],
  prints: 'result',
  run: async (flags, context) => {
    const access = await openAccess(context, flags.name, flags, 'registry:catalog:*')
    return listPages(access, { path: '/v2/_catalog', member: 'repositories' }, { ...flags })
  },
})
