import type { CommandContext } from '../../../framework/command/context.ts'
import { type AccessFlags, openAccess } from '../../../clients/registry/data-plane.ts'
import { requireDigest } from '../../../clients/registry/tag-digest.ts'
import type { Selected } from './flags.ts'

/** The digest of a manifest: its own, or that of its tag, which needs access to the metadata. */
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
