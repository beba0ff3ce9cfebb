import { repositoryTexts } from '../texts/repository.ts'

const shown = ['pull', 'push', 'delete']

/** What a person may do in a repository, such as `pull, push`, for “You may …”. */
export function accessText(access: ReadonlySet<string>): string {
  const found = shown.filter((action) => access.has(action))
  return found.length === 0 ? repositoryTexts.facts.nothing : found.join(', ')
}
