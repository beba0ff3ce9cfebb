import { changeText } from '@acrux/shared/permissions/change-text.ts'
import type { AccessExplanation, ConsideredAssignment } from '@acrux/shared/wire/api-types.ts'
import { orNotAsked } from '../../../clients/arm/az.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { explainAccess, openPermissions } from '../permission/permission-registry.ts'
import { aboutActions, actionArguments, registryFlag, sharedExitCodes } from '../permission/questions.ts'
import {
  type DirectorySubject,
  type Subject,
  aboutWho,
  namedSubjects,
  requireSubject,
  subjectDocument,
  whoWord,
} from '../permission/subject.ts'

type Flags = {
  readonly principal: string
  readonly action: string
  readonly repository?: string
  readonly name: string
}

/** The answer of the server, with names, and the command that would allow a denied action. */
type NamedExplanation = Omit<AccessExplanation, 'assignments'> & {
  readonly who: object
  readonly assignments: readonly (ConsideredAssignment & { readonly principalName: string | null })[]
  readonly fix: string | null
}

/** `acrux acr can`. */
export const command = defineCommand<Flags>({
  about: `${aboutWho.replace('WHO', 'PRINCIPAL').replace('; anonymous.', '; anonymous; admin.')}
${aboutActions}`,
  arguments: [
    { name: '<principal>', description: 'the principal: a name, an id, token:NAME, anonymous or admin' },
    ...actionArguments,
  ],
  flags: [registryFlag],
  examples: [
    'acrux acr can ada@example.com push team/app -n contoso',
    'acrux acr can token:device pull team/app -n contoso',
    'acrux acr can anonymous catalog -n contoso -o json',
  ],
  exitCodes: { 0: 'allowed', 1: 'denied', ...sharedExitCodes },
  text: canText,
  run: async (flags, context) => {
    const answer = await orNotAsked(() => explain(flags, context))
    if (!answer.allowed) context.exitWith(1)
    return answer
  },
})

async function explain(flags: Flags, context: CommandContext): Promise<NamedExplanation> {
  const { principal, action, repository } = flags
  const registry = await openPermissions(context, flags)
  const { account } = registry
  const subject = await requireSubject(account, principal)
  const answer = await explainAccess(registry, subject, { action, repository })
  const holders = await namedSubjects(
    account,
    answer.assignments.map(({ principalId }) => principalId),
  )
  return {
    ...answer,
    who: subjectDocument(subject),
    assignments: answer.assignments.map((each) => ({ ...each, ...nameOf(holders, each.principalId) })),
    fix: answer.smallestChange && changeText(answer.smallestChange, await namesFor(registry, subject, answer)),
  }
}

function nameOf(holders: ReadonlyMap<string, DirectorySubject>, id: string): { readonly principalName: string | null } {
  return { principalName: holders.get(id)?.name ?? null }
}

async function namesFor(
  { account, name }: Awaited<ReturnType<typeof openPermissions>>,
  subject: Subject,
  { action, repository, roleAssignmentMode, scopeMap }: AccessExplanation,
) {
  return {
    registry: name,
    who: await whoWord(account, subject),
    objectId: subject.kind === 'directory' ? subject.id : undefined,
    token: subject.kind === 'token' ? subject.name : undefined,
    scopeMap: scopeMap?.name,
    asked: { action, repository },
    isForRegistry: roleAssignmentMode === 'LegacyRegistryPermissions',
  }
}

function canText(answer: NamedExplanation): string {
  const { allowed, firstFailure, principal, assignments, fix } = answer
  const through = ({ principalId, principalType, principalName }: NamedExplanation['assignments'][number]) =>
    principalId === principal ? '' : `  through ${principalType.toLowerCase()} ${principalName ?? principalId}`
  return [
    allowed ? 'allowed' : `not allowed: ${firstFailure ?? ''}`,
    ...assignments.map(
      (each) => `  ${each.result}  ${each.roleName ?? '(no such role)'}  at ${each.scope}${through(each)}`,
    ),
    ...(fix === null ? [] : [`fix: ${fix}`]),
  ].join('\n')
}
