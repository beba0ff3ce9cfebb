import { type GrantedAction, grantedActions, isGrantedAction } from '@acrux/shared/permissions/granted-action.ts'
import {
  type RepositoryPattern,
  parseRepositoryPattern,
  patternPhrase,
  patternText,
} from '@acrux/shared/permissions/repository-pattern.ts'
import { resourceGroupFlag } from '../../../clients/arm/named-registry.ts'
import type { ArgumentDescription, FlagDescription } from '../../../framework/command/command.ts'
import { WrongUsageError } from '../../../framework/command/failure.ts'
import { type SubscriptionFlags, dryRunFlag, subscriptionFlag, yesFlag } from '../../../framework/options/flags.ts'
import { terminalLine } from '../../../framework/terminal/terminal-text.ts'
import { type PermissionChange, applyChange } from './change.ts'
import type { PermissionRegistry } from './permission-registry.ts'
import { registryFlag } from './questions.ts'
import type { PermissionSource } from './remaining.ts'
import { type Subject, subjectDocument } from './subject.ts'

/** The arguments and options of `grant` and `revoke`. */
export type PermissionFlags = SubscriptionFlags & {
  readonly who: string
  readonly action: string
  readonly repository: string
  readonly name: string
  readonly resourceGroup?: string
  readonly dryRun?: true
  readonly yes?: true
}

/** Describes {@link PermissionFlags}. */
export const permissionArguments: readonly ArgumentDescription[] = [
  { name: '<who>', description: 'the principal: a name, an id, token:NAME or anonymous' },
  { name: '<action>', description: 'pull, push or delete' },
  {
    name: '<repository>',
    description:
      "a repository such as team/app, 'team/*' for all repositories below a path, or '*' for all repositories",
  },
]

/** Describes {@link PermissionFlags}. */
export const permissionFlags: readonly FlagDescription[] = [
  registryFlag,
  resourceGroupFlag,
  subscriptionFlag,
  dryRunFlag,
  yesFlag,
]

/** What the actions include. */
export const aboutGrantedActions = `
The action pull includes reading tags and metadata. The actions push and delete include pull. REPOSITORY is a
repository, a path with all repositories below the path ('team/*'), or all repositories ('*').`

/** A permission: the caller, the action and the repositories. */
export type Permission = {
  readonly registry: PermissionRegistry
  readonly subject: Subject
  readonly action: GrantedAction
  readonly pattern: RepositoryPattern
}

/** The result of `grant` and `revoke`. */
export type PermissionResult = {
  readonly registry: string
  readonly roleAssignmentMode: string
  readonly who: object
  readonly action: GrantedAction
  readonly repository: string
  readonly dryRun: boolean
  readonly changes: readonly PermissionChange[]
  /** For a revocation: the sources that still grant the permission, or a part of the permission. */
  readonly remaining: readonly PermissionSource[]
  /** Sentences for people. */
  readonly summary: readonly string[]
}

/** @throws WrongUsageError */
export function requireGrantedAction(text: string): GrantedAction {
  if (isGrantedAction(text)) return text
  throw new WrongUsageError(`'${terminalLine(text)}' is not one of the actions ${grantedActions.join(', ')}`)
}

/** Makes the changes, except in a dry run. @throws ApiError */
export async function applyChanges(
  { registry, subject }: Permission,
  changes: readonly PermissionChange[],
  { dryRun }: PermissionFlags,
): Promise<void> {
  if (dryRun === true) return
  for (const change of changes) await applyChange(registry, subject.kind === 'directory' ? subject : undefined, change)
}

/** `pull from team/app in contoso` */
export function permissionPhrase({ action, pattern, registry }: Permission): string {
  const preposition = action === 'push' ? 'to' : 'from'
  return `${action} ${preposition} ${patternPhrase(pattern)} in ${registry.name}`
}

/** The result of a command. */
export function permissionResult(
  { registry, subject, action, pattern }: Permission,
  { dryRun }: PermissionFlags,
  rest: Pick<PermissionResult, 'changes' | 'remaining' | 'summary'>,
): PermissionResult {
  return {
    registry: registry.name,
    roleAssignmentMode: registry.isPerRepository ? 'AbacRepositoryPermissions' : 'LegacyRegistryPermissions',
    who: subjectDocument(subject),
    action,
    repository: patternText(pattern),
    dryRun: dryRun === true,
    ...rest,
  }
}

/** A result as text: the changes and their effect. */
export function permissionText({ changes, remaining, summary, dryRun }: PermissionResult): string {
  return [
    ...changes.map(({ description }) => `- ${description}`),
    ...summary,
    ...remaining.flatMap(({ description, command }) => [`- ${description}. To remove it:`, `  ${command}`]),
    ...(dryRun ? ['The command changed nothing, because of --dry-run.'] : []),
  ].join('\n')
}

/** The title, such as `Application ci`, at the beginning of a sentence. */
export function capitalized(title: string): string {
  return title.replace(/^./u, (letter) => letter.toUpperCase())
}

/** Parses the repositories of an argument: `team/app`, `team/*` or `*`. @throws WrongUsageError */
export function requireRepositoryPattern(text: string): RepositoryPattern {
  const pattern = parseRepositoryPattern(text)
  if (pattern !== undefined) return pattern
  throw new WrongUsageError(
    `'${terminalLine(text)}' is not a repository`,
    "write a repository such as team/app, all below a path such as 'team/*', or '*' for all; names are in lower case",
  )
}
