import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { openAccess } from '../../../clients/registry/data-plane.ts'
import { pathOf } from '../../../clients/registry/image.ts'
import { type PageFlags, listPages, pageFlags } from '../../../clients/registry/pages.ts'
import { type RepositoryFlags, repositoryFlags } from './flags.ts'

type Flags = RepositoryFlags & PageFlags & { readonly repository: string; readonly detail?: true }

/** `acrux acr repository show-manifests`. */
export const command = defineCommand<Flags>({
  flags: [
    ...repositoryFlags,
    { flags: '--repository <repository>', description: 'the name of the repository', required: true },
    ...pageFlags,
    { flags: '--detail', description: 'show the sizes, platforms and locks of the manifests' },
  ],
  examples: ['acrux acr repository show-manifests -n contoso --repository team/app'],
  prints: 'result',
  run: async (flags, context) => {
    const { repository, detail } = flags
    context.log.warning(
      "This command has been deprecated and will be removed in a future release. Use 'acr manifest list-metadata' instead.",
    )
    const access = await openAccess(context, flags.name, flags, `repository:${repository}:metadata_read`)
    const manifests = await listPages(access, { path: pathOf(repository, '_manifests'), member: 'manifests' }, flags)
    return detail === true ? manifests : manifests.map(summaryOf)
  },
})

function summaryOf(manifest: unknown): object {
  return {
    digest: valueAt(manifest, 'digest') ?? '',
    tags: valueAt(manifest, 'tags') ?? [],
    timestamp: valueAt(manifest, 'lastUpdateTime') ?? '',
  }
}
