import { WrongUsageError } from '../../../framework/command/failure.ts'
import { terminalLine } from '../../../framework/terminal/terminal-text.ts'
import { type RepositoryPattern, parseRepositoryPattern } from '@acrux/shared/permissions/repository-pattern.ts'

/** Parses the repositories of an argument: `team/app`, `team/*` or `*`. @throws WrongUsageError */
export function requireRepositoryPattern(text: string): RepositoryPattern {
  const pattern = parseRepositoryPattern(text)
  if (pattern !== undefined) return pattern
  throw new WrongUsageError(
    `'${terminalLine(text)}' is not a repository`,
    "write a repository such as team/app, all below a path such as 'team/*', or '*' for all; names are in lower case",
  )
}
