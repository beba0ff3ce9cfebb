import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type Access, openAccess } from '../../../clients/registry/data-plane.ts'
import { brokenList, maxPages } from '../../../clients/http/follow-pages.ts'
import { listAll } from '../../../clients/registry/pages.ts'
import { cell } from '../tables.ts'
import { type ManifestFlags, manifestArgument, manifestFlags, requireManifest } from './flags.ts'
import { digestOf } from './digest-of.ts'

type Flags = ManifestFlags & { readonly artifactType?: string; readonly recursive?: true }

/** `acrux acr manifest list-referrers`. */
export const command = defineCommand<Flags>({
  arguments: manifestArgument,
  flags: [
    ...manifestFlags,
    { flags: '--artifact-type <type>', description: 'list only the artifacts of this type' },
    { flags: '--recursive', description: 'also list the artifacts that refer to the listed ones' },
  ],
  examples: ['acrux acr manifest list-referrers -r contoso -n team/app:1 -o table'],
  prints: 'result',
  table: ({ manifests }: { readonly manifests: readonly unknown[] }) =>
    manifests.map((each) => ({
      Digest: cell(each, 'digest'),
      ArtifactType: cell(each, 'artifactType'),
      MediaType: cell(each, 'mediaType'),
      Size: cell(each, 'size'),
    })),
  run: async (flags, context) => {
    const { registry, image } = await requireManifest(context, flags)
    const digest = await digestOf(context, { registry, image }, flags)
    const access = await openAccess(context, registry, flags, `repository:${image.repository}:pull`)
    const referrersOf = (subject: string, artifactType?: string) =>
      referrers(access, `/v2/${image.repository}/referrers/${subject}`, artifactType)
    const manifests = [...(await referrersOf(digest, flags.artifactType))]
    if (flags.recursive !== true) return { manifests }
    const subjects = new Set([digest])
    // The list grows while it is read, so that referrers of every depth are found.
    for (const each of manifests) {
      const subject = String(valueAt(each, 'digest'))
      if (subjects.has(subject) || subjects.size === maxPages)
        throw brokenList('the referrers of the image have no end')
      subjects.add(subject)
      manifests.push(...(await referrersOf(subject)))
    }
    return { manifests }
  },
})

function referrers(access: Access, path: string, artifactType?: string): Promise<readonly unknown[]> {
  return listAll(access, { path, member: 'manifests' }, artifactType === undefined ? {} : { artifactType })
}
