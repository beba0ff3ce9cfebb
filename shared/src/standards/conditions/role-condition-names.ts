import { isAssignmentAttribute } from './role-condition-evaluation.ts'
import { isRepositoryName, repositoryNameAttribute } from './role-condition.ts'
import { type RoleConditionReading, parseRoleCondition } from './role-condition-parser.ts'
import { type ConditionToken, readConditionTokens } from './role-condition-tokens.ts'
import { matchesActionPattern } from '../azure/role-permissions.ts'

const repositories = 'Microsoft.ContainerRegistry/registries/repositories/'
const repositoryActions = ['content', 'metadata'].flatMap((kind) =>
  ['read', 'write', 'delete'].map((verb) => `${repositories}${kind}/${verb}`),
)

/**
 * Parses a condition in which every attribute and action must be known. The server accepts others, which other services of Azure have:
 * a term with an unknown attribute is never true. A person who writes a condition has misspelled the name.
 */
export function parseKnownCondition(text: string): RoleConditionReading {
  const reading = parseRoleCondition(text)
  if ('problem' in reading) return reading
  const tokens = readConditionTokens(text)
  for (const [index, token] of tokens.entries()) {
    const problem = problemOf(tokens[index - 2], token)
    if (problem !== undefined) return { problem, position: positionOf(text, token) }
  }
  return reading
}

function problemOf(before: ConditionToken | undefined, token: ConditionToken): string | undefined {
  if (token.kind === 'attribute') {
    const { source, name } = token.attribute
    if (isRepositoryName(token.attribute) || isAssignmentAttribute(token.attribute)) return undefined
    return `there is no attribute @${source}[${name}]; the name of the repository is @Request[${repositoryNameAttribute}]`
  }
  const isPattern = before?.kind === 'word' && before.text.toLowerCase() === 'actionmatches'
  if (!isPattern || token.kind !== 'string' || isKnownAction(token.text)) return undefined
  return `there is no action ${token.text}; an action on a repository has a name such as ${repositories}content/read`
}

/** Whether a pattern matches an action on repositories, or is of the form of another action. */
function isKnownAction(pattern: string): boolean {
  if (repositoryActions.some((action) => matchesActionPattern(pattern, action))) return true
  return /^(?:\*|microsoft\.[a-z]+)\//i.test(pattern) && !pattern.toLowerCase().startsWith(repositories.toLowerCase())
}

/** Where the last part of a name begins, counted from 1. */
function positionOf(text: string, { at, end }: ConditionToken): number {
  const name = text.slice(at, end)
  return at + Math.max(name.lastIndexOf(':'), name.lastIndexOf('/'), name.lastIndexOf('['), name.indexOf("'")) + 2
}
