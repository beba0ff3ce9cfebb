import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { documentIn, openAccess } from '../../../clients/registry/data-plane.ts'
import { pathOf } from '../../../clients/registry/image.ts'
import { type PageFlags, listPages, pageFlags } from '../../../clients/registry/pages.ts'
import { cell } from '../tables.ts'
import { type ManifestFlags, manifestListFlags, repositoryArgument, requireRepository } from './flags.ts'
import { getManifest } from './manifest-of.ts'

/** `acrux acr manifest list`. */
export const command = defineCommand<ManifestFlags & PageFlags>({
  arguments: repositoryArgument,
  flags: [...manifestListFlags, ...pageFlags],
  examples: ['acrux acr manifest list -r contoso -n team/app'],
  prints: 'result',
  table: (manifests: readonly unknown[]) =>
    manifests.map((each) => ({
      MediaType: cell(each, 'mediaType'),
      ArtifactType: cell(each, 'artifactType'),
      SubjectDigest: cell(each, 'subject.digest'),
    })),
  run: async (flags, context) => {
    const { registry, image } = await requireRepository(context, flags)
    const { repository } = image
    const access = await openAccess(context, registry, flags, `repository:${repository}:pull,metadata_read`)
    const listed = await listPages(access, { path: pathOf(repository, '_manifests'), member: 'manifests' }, flags)
    const manifests: unknown[] = []
    for (const each of listed)
      manifests.push(documentIn(await getManifest(access, repository, String(valueAt(each, 'digest')))))
    return manifests
  },
})
