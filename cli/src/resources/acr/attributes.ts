import { type AccessFlags, askDataPlane, documentIn, openAccess } from '../../clients/registry/data-plane.ts'
import { attributesOf, parseImage, pathOf } from '../../clients/registry/image.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { booleanFlag } from '../../framework/options/flags.ts'

/** The locks of a repository, a tag or a manifest. */
export type AttributeFlags = {
  readonly deleteEnabled?: boolean
  readonly listEnabled?: boolean
  readonly readEnabled?: boolean
  readonly writeEnabled?: boolean
}

/** Describes {@link AttributeFlags}. */
export const attributeFlags: readonly FlagDescription[] = [
  booleanFlag('--delete-enabled', 'whether callers can delete the object'),
  booleanFlag('--list-enabled', 'whether lists include the object'),
  booleanFlag('--read-enabled', 'whether callers can read the object'),
  booleanFlag('--write-enabled', 'whether callers can change or delete the object'),
]

/** Shows a repository or an image, or changes its locks if the flags contain locks. */
export async function showOrUpdate(
  context: CommandContext,
  { registry, target, access: flags }: { registry: string; target: Target; access: AccessFlags },
  { deleteEnabled, listEnabled, readEnabled, writeEnabled }: AttributeFlags = {},
): Promise<unknown> {
  const image = 'image' in target ? parseImage(target.image) : { repository: target.repository }
  const changes = Object.entries({ deleteEnabled, listEnabled, readEnabled, writeEnabled })
  const body = Object.fromEntries(changes.filter(([, value]) => value !== undefined))
  const isChange = Object.keys(body).length > 0
  const scope = `repository:${image.repository}:${isChange ? 'metadata_write,metadata_read' : 'metadata_read'}`
  const access = await openAccess(context, registry, flags, scope)
  const { path, member } =
    'image' in target ? attributesOf(image) : { path: pathOf(image.repository), member: undefined }
  const response = await askDataPlane(access, isChange ? { method: 'PATCH', path, body } : { method: 'GET', path })
  return documentIn(response, member)
}

/** A repository, or an image in the form `name:tag` or `name@digest`. */
export type Target = { readonly repository: string } | { readonly image: string }
