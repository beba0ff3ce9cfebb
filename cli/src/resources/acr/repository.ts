import {
  type Access,
  type AccessFlags,
  RegistryError,
  accessFlags,
  askDataPlane,
  documentIn,
  openAccess,
  orNotFound,
} from '../../clients/registry/data-plane.ts'
import { type Image, parseImage, pathOf } from '../../clients/registry/image.ts'
import { type PageFlags, listPages, pageFlags, topFlag } from '../../clients/registry/pages.ts'
import { requireDigest } from '../../clients/registry/tag-digest.ts'
import { type FlagDescription, defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { yesFlag } from '../../framework/options/flags.ts'
import type { ResultFlags } from '../../framework/output/print-result.ts'
import { evenSizeText } from '@acrux/shared/texts/size-text.ts'
import { valueAt } from '../../framework/values/shape.ts'
import { type AttributeFlags, type Target, attributeFlags, showOrUpdate } from './attributes.ts'

/** Selects a registry, and authenticates to it. */
type RepositoryFlags = AccessFlags & { readonly name: string }

/** Describes {@link RepositoryFlags}. */
const registryAccessFlags: readonly FlagDescription[] = [
  { flags: '-n, --name <registry>', description: 'the name of the registry', required: true },
  ...accessFlags,
]

/** Selects a registry, and authenticates to it, with an option that most commands have. */
const repositoryFlags: readonly FlagDescription[] = [
  ...registryAccessFlags,
  // az ignores this option.
  { flags: '-g, --resource-group <group>', description: 'has no effect' },
]

/** Selects a repository or an image. */
export type TargetFlags = { readonly repository?: string; readonly image?: string }

/** The option with an image. */
const imageFlag: FlagDescription = {
  flags: '-t, --image <image>',
  description: 'an image in the form name:tag or name@digest. Without tag and digest, the tag is latest',
}

/** Describes {@link TargetFlags}. */
export const targetFlags: readonly FlagDescription[] = [
  { flags: '--repository <repository>', description: 'the name of the repository' },
  imageFlag,
]

/** The repository or the image. @throws CommandFailure unless the flags name exactly one of them */
function requireTarget({ repository, image }: TargetFlags): Target {
  if (repository !== undefined && image === undefined) return { repository }
  if (image !== undefined && repository === undefined) return { image }
  throw failure('Usage error: You need to provide either --image IMAGE | --repository REPOSITORY, but not both')
}

type ListFlags = RepositoryFlags & Pick<PageFlags, 'top'> & Pick<ResultFlags, 'output' | 'query'>

/** The repositories with their columns; undefined if the registry does not support this list, or denies the request. */
async function listDetails(context: CommandContext, flags: ListFlags): Promise<readonly unknown[] | undefined> {
  try {
    const access = await openAccess(context, flags.name, flags, 'registry:repositories:*')
    return await listPages(access, { path: '/acr/v1/_repositories', member: 'repositories' }, { ...flags })
  } catch (error) {
    if (error instanceof RegistryError && [401, 403, 404, 405].includes(error.status)) return undefined
    throw error
  }
}

/** A row of the table. A registry without details has only names. */
function repositoryRow(repository: unknown): unknown {
  if (typeof repository === 'string') return repository
  const size = valueAt(repository, 'size')
  const pushed = valueAt(repository, 'lastPushTime')
  return {
    Name: valueAt(repository, 'name'),
    Size: typeof size === 'number' ? evenSizeText(size) : '',
    Tags: valueAt(repository, 'tagCount'),
    LastPush: typeof pushed === 'string' ? pushed.replace(/\.\d+Z$/, 'Z') : '',
  }
}

/** `acrux acr repository list`. */
export const listRepositories = defineCommand<ListFlags>({
  about: `
If an Acrux server serves the registry, --output table also shows the size, tags and last push of each repository. A
caller who may not list the catalog gets only the repositories that the caller may pull.`,
  flags: [...repositoryFlags, topFlag],
  examples: [
    'acrux acr repository list -n contoso -o table',
    'acrux acr repository list -n contoso -u device -p @password',
  ],
  table: (repositories: readonly unknown[]) => repositories.map(repositoryRow),
  run: async (flags, context) => {
    if (flags.output === 'table' && flags.query === undefined) {
      const repositories = await listDetails(context, flags)
      if (repositories !== undefined) return repositories
    }
    const access = await openAccess(context, flags.name, flags, 'registry:catalog:*')
    return listPages(access, { path: '/v2/_catalog', member: 'repositories' }, { ...flags })
  },
})

/** `acrux acr repository list-deleted`. */
export const listDeletedRepositories = defineCommand<RepositoryFlags>({
  flags: registryAccessFlags,
  examples: ['acrux acr repository list-deleted -n contoso'],
  run: async (flags, context) => {
    const access = await openAccess(context, flags.name, flags, 'registry:deleted_catalog:*')
    return listPages(access, { path: '/acr/v1/_deleted/_catalog', member: 'repositories' })
  },
})

/** `acrux acr repository show`. */
export const showRepository = defineCommand<RepositoryFlags & TargetFlags>({
  flags: [...repositoryFlags, ...targetFlags],
  examples: [
    'acrux acr repository show -n contoso --repository team/app',
    'acrux acr repository show -n contoso --image team/app:1',
  ],
  run: (flags, context) =>
    orNotFound(async () => {
      const target = requireTarget(flags)
      return showOrUpdate(context, { registry: flags.name, target, access: flags })
    }),
})

type ShowTagsFlags = RepositoryFlags & PageFlags & { readonly repository: string; readonly detail?: true }

/** `acrux acr repository show-tags`. */
export const showTags = defineCommand<ShowTagsFlags>({
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
  run: async (flags, context) => {
    const { repository, detail } = flags
    const access = await openAccess(context, flags.name, flags, `repository:${repository}:metadata_read`)
    const tags = await listPages(access, { path: pathOf(repository, '_tags'), member: 'tags' }, flags)
    return detail === true ? tags : tags.map((tag) => valueAt(tag, 'name'))
  },
})

type ShowManifestsFlags = RepositoryFlags & PageFlags & { readonly repository: string; readonly detail?: true }

/** `acrux acr repository show-manifests`. */
export const showManifests = defineCommand<ShowManifestsFlags>({
  flags: [
    ...repositoryFlags,
    { flags: '--repository <repository>', description: 'the name of the repository', required: true },
    ...pageFlags,
    { flags: '--detail', description: 'show the sizes, platforms and locks of the manifests' },
  ],
  examples: ['acrux acr repository show-manifests -n contoso --repository team/app'],
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

/** `acrux acr repository update`. */
export const updateRepository = defineCommand<RepositoryFlags & TargetFlags & AttributeFlags>({
  flags: [...repositoryFlags, ...targetFlags, ...attributeFlags],
  examples: [
    'acrux acr repository update -n contoso --image team/app:1 --write-enabled false',
    'acrux acr repository update -n contoso --repository team/app --delete-enabled false',
  ],
  run: async (flags, context) =>
    showOrUpdate(context, { registry: flags.name, target: requireTarget(flags), access: flags }, flags),
})

/** `acrux acr repository untag`. */
export const untag = defineCommand<RepositoryFlags & { readonly image: string }>({
  flags: [
    ...repositoryFlags,
    { ...imageFlag, description: 'an image in the form name:tag. The default tag is latest', required: true },
  ],
  examples: ['acrux acr repository untag -n contoso --image team/app:1'],
  run: async (flags, context) => {
    const { repository, tag } = parseImage(flags.image, { allowsDigest: false })
    const access = await openAccess(context, flags.name, flags, `repository:${repository}:delete`)
    return documentIn(await askDataPlane(access, { method: 'DELETE', path: pathOf(repository, '_tags', tag) }))
  },
})

type DeleteRepositoryFlags = RepositoryFlags & TargetFlags & { readonly yes?: true }

/** `acrux acr repository delete`. */
export const deleteRepository = defineCommand<DeleteRepositoryFlags>({
  about: `
The command deletes the manifest of the image, with all tags of the manifest. Use untag to delete only one tag.`,
  flags: [...repositoryFlags, ...targetFlags, yesFlag],
  examples: [
    'acrux acr repository delete -n contoso --image team/app:1',
    'acrux acr repository delete -n contoso --repository team/app --yes',
  ],
  run: async (flags, context) => {
    const target = requireTarget(flags)
    const image: Image = 'image' in target ? parseImage(target.image) : target
    const { repository } = image
    const access = await openAccess(context, flags.name, flags, `repository:${repository}:delete,metadata_read`)
    if (!('image' in target)) {
      const question = `Are you sure you want to delete the repository '${repository}' and all images in the repository?`
      await context.confirm(question, flags.yes)
      return documentIn(await askDataPlane(access, { method: 'DELETE', path: pathOf(repository) }))
    }
    const digest = image.digest ?? (await requireDigest(access, image))
    const message = `This operation will delete the manifest '${digest}'${await otherImages(access, repository, digest)}`
    if (flags.yes === true) context.log.warning(message)
    await context.confirm(`${message}.\nAre you sure you want to continue?`, flags.yes)
    return documentIn(await askDataPlane(access, { method: 'DELETE', path: `/v2/${repository}/manifests/${digest}` }))
  },
})

/** The images that are deleted with a manifest, as the end of a sentence. */
async function otherImages(access: Access, repository: string, digest: string): Promise<string> {
  const tags = await listPages(access, { path: pathOf(repository, '_tags'), member: 'tags' })
  const names = tags.filter((tag) => valueAt(tag, 'digest') === digest).map((tag) => String(valueAt(tag, 'name')))
  const images = names.map((name) => `'${repository}:${name}'`).join(', ')
  return names.length === 0 ? '' : ` and all the following images: ${images}`
}
