import type { AllowedPrincipalList } from '../api-types.ts'
import { getNextFromArm } from '../az.ts'
import { defineCommand } from '../command/command.ts'
import type { CommandContext } from '../command/context.ts'
import { askRegistry } from './ask-registry.ts'
import { aboutActions, actionArguments, registryFlag, requireAnswer, sharedExitCodes } from './shared.ts'

type Flags = { readonly action: string; readonly repository?: string; readonly name: string }

/** `acrux acr who`. */
export const command = defineCommand<Flags>({
  about: aboutActions,
  arguments: actionArguments,
  flags: [registryFlag],
  examples: ['acrux acr who delete team/app -n contoso', 'acrux acr who catalog -n contoso -o json'],
  exitCodes: { 0: 'success', ...sharedExitCodes },
  prints: 'result',
  text: whoText,
  run: async ({ name, action, repository }, context) => askWho(context, name, { action, repository }),
})

/** Fetches all pages. */
async function askWho(
  context: CommandContext,
  name: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<AllowedPrincipalList> {
  const answer = requireAnswer(await askRegistry(context, name, 'allowedPrincipals', query))
  const { nextLink, ...first } = answer as AllowedPrincipalList
  const value = [...first.value]
  for (let link = nextLink; link !== undefined;) {
    const page = requireAnswer(await getNextFromArm(context, link)) as AllowedPrincipalList
    value.push(...page.value)
    link = page.nextLink
  }
  return { ...first, value }
}

function whoText({ anonymous, adminAccount, value }: AllowedPrincipalList): string {
  return [
    ...(anonymous ? ['anonymous callers'] : []),
    ...(adminAccount ? ['the admin account'] : []),
    ...value.map(({ principalType, principalId, displayName, status }) =>
      [principalType, principalId, displayName ?? '', ...(status === 'disabled' ? ['(disabled)'] : [])].join('  '),
    ),
  ].join('\n')
}
