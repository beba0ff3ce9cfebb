import { yesFlag } from '../../../framework/options/flags.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type Access, askDataPlane, documentIn, openAccess } from '../../../clients/registry/data-plane.ts'
import { type Image, parseImage, pathOf } from '../../../clients/registry/image.ts'
import { listPages } from '../../../clients/registry/pages.ts'
import { requireDigest } from '../../../clients/registry/tag-digest.ts'
import { type RepositoryFlags, type TargetFlags, repositoryFlags, requireTarget, targetFlags } from './flags.ts'

type Flags = RepositoryFlags & TargetFlags & { readonly yes?: true }

/** `acrux acr repository delete`. */
export const command = defineCommand<Flags>({
  about:
    '\nAn image is deleted with its manifest, and so with all tags of the manifest: use untag to delete only one tag.',
  flags: [...repositoryFlags, ...targetFlags, yesFlag],
  examples: [
    'acrux acr repository delete -n contoso --image team/app:1',
    'acrux acr repository delete -n contoso --repository team/app --yes',
  ],
  prints: 'result',
  run: async (flags, context) => {
    const target = requireTarget(flags)
    const image: Image = 'image' in target ? parseImage(target.image) : target
    const { repository } = image
    const access = await openAccess(context, flags.name, flags, `repository:${repository}:delete,metadata_read`)
    if (!('image' in target)) {
      const question = `Are you sure you want to delete the repository '${repository}' and all images under it?`
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
