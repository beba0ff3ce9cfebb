import type { AccessExplanation } from '../api-types.ts'
import { defineCommand } from '../command/command.ts'
import { askRegistry } from './ask-registry.ts'
import { changeText } from './change-text.ts'
import { aboutActions, actionArguments, registryFlag, requireAnswer, sharedExitCodes } from './shared.ts'

type Flags = {
  readonly principal: string
  readonly action: string
  readonly repository?: string
  readonly name: string
}

/** `acrux acr can`. */
export const command = defineCommand<Flags>({
  about: aboutActions,
  arguments: [{ name: '<principal>', description: 'an object id, admin, anonymous or token:NAME' }, ...actionArguments],
  flags: [registryFlag],
  examples: [
    'acrux acr can 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 push team/app -n contoso',
    'acrux acr can token:device pull team/app -n contoso',
    'acrux acr can anonymous catalog -n contoso -o json',
  ],
  exitCodes: { 0: 'allowed', 1: 'denied', ...sharedExitCodes },
  prints: 'result',
  text: canText,
  run: async ({ principal, action, repository, name }, context) => {
    const question = { principal, action, repository }
    const answer = requireAnswer(await askRegistry(context, name, 'accessExplanation', question)) as AccessExplanation
    if (!answer.allowed) context.exitWith(1)
    return answer
  },
})

function canText(answer: AccessExplanation, { name: registry, principal }: Flags): string {
  const { allowed, firstFailure, smallestChange, assignments, scopeMap } = answer
  const [, token] = /^token:(.+)$/.exec(principal) ?? []
  const names = { registry, token, objectId: token ?? principal, scopeMap: scopeMap?.name }
  return [
    allowed ? 'allowed' : `not allowed: ${firstFailure ?? ''}`,
    ...assignments.map(({ roleName, scope, result }) => `  ${result}  ${roleName ?? '(no such role)'}  at ${scope}`),
    ...(smallestChange === null ? [] : [`smallest change: ${changeText(smallestChange, names)}`]),
  ].join('\n')
}
