import { brokenList, maxPages } from '../../../clients/http/follow-pages.ts'
import type { HttpResponse } from '../../../clients/http/http.ts'
import {
  type Access,
  type AccessFlags,
  askDataPlane,
  documentIn,
  openAccess,
  orNotFound,
} from '../../../clients/registry/data-plane.ts'
import { pathOf } from '../../../clients/registry/image.ts'
import { type PageFlags, listAll, listPages, pageFlags } from '../../../clients/registry/pages.ts'
import { requireDigest } from '../../../clients/registry/tag-digest.ts'
import { azExitCodes, defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { WrongUsageError } from '../../../framework/command/failure.ts'
import { yesFlag } from '../../../framework/options/flags.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { cell } from '../tables.ts'
import { type ManyFlags, deleteMany } from './delete-many.ts'
import {
  type ManifestFlags,
  type Selected,
  manifestArgument,
  manifestFlags,
  manifestListFlags,
  repositoryArgument,
  requireManifest,
  requireRepository,
} from './flags.ts'

const accepted = [
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.cncf.oras.artifact.manifest.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

/** Gets a manifest by its tag or digest. @throws RegistryError */
export function getManifest(access: Access, repository: string, reference: string): Promise<HttpResponse> {
  const accept = ['*/*', ...accepted].join(', ')
  return askDataPlane(access, { method: 'GET', path: `/v2/${repository}/manifests/${reference}`, accept })
}

/**
 * The digest of a manifest: the digest in the reference, or the digest of the tag, which requires access to the
 * metadata.
 */
export async function digestOf(
  context: CommandContext,
  { registry, image }: Pick<Selected, 'registry' | 'image'>,
  flags: AccessFlags,
): Promise<string> {
  if (image.digest !== undefined) return image.digest
  return requireDigest(
    await openAccess(context, registry, flags, `repository:${image.repository}:metadata_read`),
    image,
  )
}

/** `acrux acr manifest list`. */
export const listManifests = defineCommand<ManifestFlags & PageFlags>({
  arguments: repositoryArgument,
  flags: [...manifestListFlags, ...pageFlags],
  examples: ['acrux acr manifest list -r contoso -n team/app'],
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

type ShowManifestFlags = ManifestFlags & { readonly raw?: true }

/** `acrux acr manifest show`. */
export const showManifest = defineCommand<ShowManifestFlags>({
  arguments: manifestArgument,
  flags: [...manifestFlags, { flags: '--raw', description: 'print the exact bytes of the manifest' }],
  examples: [
    'acrux acr manifest show -r contoso -n team/app:1',
    'acrux acr manifest show -r contoso -n team/app:1 --raw | sha256sum',
  ],
  run: (flags, context) =>
    orNotFound(async () => {
      const { registry, image } = await requireManifest(context, flags)
      const access = await openAccess(context, registry, flags, `repository:${image.repository}:pull`)
      const response = await getManifest(access, image.repository, image.tag ?? image.digest ?? '')
      if (flags.raw !== true) return documentIn(response)
      context.print(response.body.toString('utf8'))
      return undefined
    }),
})

type DeleteManifestFlags = ManyFlags & { readonly many?: true }

/** `acrux acr manifest delete`. */
export const deleteManifest = defineCommand<DeleteManifestFlags>({
  about: `
With --many, the command deletes several manifests and all tags of these manifests, after one confirmation. Each
argument is name:tag or name@digest. With -n NAME, each argument is a tag or a digest of the repository NAME. The
argument @FILE reads the images from a file, and the argument - reads the images from standard input, one image in each
line. If an image cannot be deleted, the command reports the image and the reason, deletes the remaining images, and
exits with 1.`,
  arguments: [
    {
      name: '[id...]',
      description:
        'the manifest, such as registry.example.com/team/app:1, instead of -r and -n; with --many, the images to delete',
    },
  ],
  flags: [
    ...manifestFlags,
    { flags: '--many', description: 'delete several manifests' },
    { flags: '--dry-run', description: 'only list what the command would delete' },
    yesFlag,
  ],
  examples: [
    'acrux acr manifest delete -r contoso -n team/app:1',
    'acrux acr manifest delete -r contoso --many team/app:1 team/web@sha256:abc123 --dry-run',
    'acrux acr manifest delete -r contoso -n team/app --many 1 2 sha256:abc123',
    'acrux acr manifest delete -r contoso --many @old-images.txt --yes',
    'cat old-images.txt | acrux acr manifest delete -r contoso --many - --yes',
  ],
  exitCodes: { ...azExitCodes, 1: 'the command failed, or an image could not be deleted' },
  run: async ({ many, ...flags }, context) => {
    if (many === true) return deleteMany(context, flags)
    const { id: [id, ...more] = [], ...others } = flags
    if (more.length > 0) throw new WrongUsageError('to delete several manifests, add --many')
    return deleteOne(context, { ...others, ...(id !== undefined && { id }) })
  },
})

type DeleteOneFlags = ManifestFlags & Pick<ManyFlags, 'dryRun' | 'yes'>

async function deleteOne(context: CommandContext, flags: DeleteOneFlags): Promise<unknown> {
  const { registry, image } = await requireManifest(context, flags)
  const digest = await digestOf(context, { registry, image }, flags)
  if (flags.dryRun === true) return { repository: image.repository, digest }
  const access = await openAccess(context, registry, flags, `repository:${image.repository}:delete`)
  const question = `Are you sure you want to delete the artifact '${digest}' and all manifests that refer to it?`
  await context.confirm(question, flags.yes)
  const path = `/v2/${image.repository}/manifests/${digest}`
  return documentIn(await askDataPlane(access, { method: 'DELETE', path }))
}

type ListReferrersFlags = ManifestFlags & { readonly artifactType?: string; readonly recursive?: true }

/** `acrux acr manifest list-referrers`. */
export const listReferrers = defineCommand<ListReferrersFlags>({
  arguments: manifestArgument,
  flags: [
    ...manifestFlags,
    { flags: '--artifact-type <type>', description: 'list only the artifacts of this type' },
    { flags: '--recursive', description: 'also list the artifacts that refer to the listed artifacts' },
  ],
  examples: ['acrux acr manifest list-referrers -r contoso -n team/app:1 -o table'],
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
    // The list grows during the loop, so that referrers of every depth are found.
    for (const each of manifests) {
      const subject = String(valueAt(each, 'digest'))
      if (subjects.has(subject) || subjects.size === maxPages)
        throw brokenList('the image has too many levels of referrers')
      subjects.add(subject)
      manifests.push(...(await referrersOf(subject)))
    }
    return { manifests }
  },
})

function referrers(access: Access, path: string, artifactType?: string): Promise<readonly unknown[]> {
  return listAll(access, { path, member: 'manifests' }, artifactType === undefined ? {} : { artifactType })
}
