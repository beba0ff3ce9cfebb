import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { openAccess } from '../../../clients/registry/data-plane.ts'
import { pathOf } from '../../../clients/registry/image.ts'
import { type PageFlags, listPages, pageFlags } from '../../../clients/registry/pages.ts'
import { type RepositoryFlags, repositoryFlags } from './flags.ts'

type Flags = RepositoryFlags & PageFlags & { readonly repository: string; readonly detail?: true }

/** `acrux acr repository show-tags`. */
export const command = defineCommand<Flags>({
  flags: [
    ...repositoryFlags,
    { flags: '--repository <repository>', description: 'the name of the repository', required: true },
    ...pageFlags,
    { flags: '--detail', description: 'show the digests, times and locks of the tags' },
  ],
  examples: [
    'acrux acr repository show-tags -n contoso --repository team/app',
    'acrux acr repository show-tags -n contoso --repository team/app --orderby time_desc --top 10 --detail',
  ],
  prints: 'result',
  run: async (flags, context) => {
    const { repository, detail } = flags
    const access = await openAccess(context, flags.name, flags, `repository:${repository}:metadata_read`)
    const tags = await listPages(access, { path: pathOf(repository, '_tags'), member: 'tags' }, flags)
    return detail === true ? tags : tags.map((tag) => valueAt(tag, 'name'))
  },
})
