import { defineCommand } from '../../../framework/command/command.ts'
import { askDataPlane, documentIn, openAccess } from '../../../clients/registry/data-plane.ts'
import { parseImage, pathOf } from '../../../clients/registry/image.ts'
import { type RepositoryFlags, imageFlag, repositoryFlags } from './flags.ts'

/** `acrux acr repository untag`. */
export const command = defineCommand<RepositoryFlags & { readonly image: string }>({
  flags: [
    ...repositoryFlags,
    { ...imageFlag, description: 'an image in the form name:tag. Without a tag, it is latest', required: true },
  ],
  examples: ['acrux acr repository untag -n contoso --image team/app:1'],
  prints: 'result',
  run: async (flags, context) => {
    const { repository, tag } = parseImage(flags.image, { allowsDigest: false })
    const access = await openAccess(context, flags.name, flags, `repository:${repository}:delete`)
    return documentIn(await askDataPlane(access, { method: 'DELETE', path: pathOf(repository, '_tags', tag) }))
  },
})
