import type { FlagDescription } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import type { Target } from '../attributes.ts'
import { type AccessFlags, accessFlags } from '../../../clients/registry/data-plane.ts'

/** Selects a registry, and authenticates to it. */
export type RepositoryFlags = AccessFlags & { readonly name: string }

/** Describes {@link RepositoryFlags}. */
export const registryAccessFlags: readonly FlagDescription[] = [
  { flags: '-n, --name <registry>', description: 'the name of the registry', required: true },
  ...accessFlags,
]

/** Selects a registry, and authenticates to it, with an option that most commands have. */
export const repositoryFlags: readonly FlagDescription[] = [
  ...registryAccessFlags,
  // az ignores it.
  { flags: '-g, --resource-group <group>', description: 'has no effect' },
]

/** Selects a repository or an image. */
export type TargetFlags = { readonly repository?: string; readonly image?: string }

/** The option with an image. */
export const imageFlag: FlagDescription = {
  flags: '-t, --image <image>',
  description: 'an image in the form name:tag or name@digest. Without tag and digest, the tag is latest',
}

/** Describes {@link TargetFlags}. */
export const targetFlags: readonly FlagDescription[] = [
  { flags: '--repository <repository>', description: 'the name of the repository' },
  imageFlag,
]

/** The repository or the image. @throws CommandFailure unless there is exactly one of them */
export function requireTarget({ repository, image }: TargetFlags): Target {
  if (repository !== undefined && image === undefined) return { repository }
  if (image !== undefined && repository === undefined) return { image }
  throw failure('Usage error: You need to provide either --image IMAGE | --repository REPOSITORY, but not both')
}
