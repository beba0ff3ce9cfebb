import { notFoundOnServer } from '../../../clients/arm/az.ts'

/** The actions that `can` and `who` accept as ACTION. */
export const aboutActions = `
ACTION is pull, push, delete, metadata_read, metadata_write, untag, deleted_read or deleted_restore. The actions catalog
and deleted_catalog need no REPOSITORY.`

/** The exit codes that `why`, `can` and `who` share. */
export const sharedExitCodes = {
  2: 'wrong option or setting',
  3: 'the registry or the principal was not found, or the request to the server failed',
}

/** The arguments of `can` and `who`. */
export const actionArguments = [
  { name: '<action>', description: 'the action, such as pull or push' },
  { name: '[repository]', description: 'the repository, such as team/app' },
]

/** The option that names the registry to ask. */
export const registryFlag = {
  flags: '-n, --name <registry>',
  description: 'the name of the registry',
  required: true,
} as const

/** @throws CommandFailure if the registry was deleted after the command read its id */
export function requireAnswer(answer: unknown): unknown {
  return answer ?? notFoundOnServer('the registry does not exist')
}
