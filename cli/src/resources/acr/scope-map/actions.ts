import {
  type ScopeMapAction,
  gatewayPermissions,
  repositoryPermissions,
} from '@acrux/shared/standards/azure/scope-map-action.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'

const validActions: Readonly<Record<ScopeMapAction['target'], readonly string[]>> = {
  repositories: repositoryPermissions.toSorted(),
  gateway: gatewayPermissions.toSorted(),
}

/** Looks like an action, and not like the name of a repository. */
const actionForm = /^(?:content|metadata|config|message)\/[a-z]+$/i

/** An option with a repository or a gateway, and actions. */
export function actionsFlag(name: string, kind: ScopeMapAction['target'], description: string): FlagDescription {
  const subject = kind === 'gateway' ? 'gateway' : 'repository'
  return {
    flags: `${name} <${subject} actions...>`,
    description: `${description}: the ${subject} and its actions, out of ${validActions[kind].join(', ')}; can be repeated`,
    repeated: true,
  }
}

/**
 * The actions of a scope map, such as `repositories/team/app/content/read`. [azure-cli acr parse_scope_map_actions]
 *
 * @throws CommandFailure with az's messages
 */
export function scopeMapActions(
  repositories: readonly string[] | undefined,
  gateways: readonly string[] | undefined,
): string[] {
  return [...actionsOf(repositories ?? [], 'repositories'), ...actionsOf(gateways ?? [], 'gateway')]
}

function actionsOf(words: readonly string[], kind: ScopeMapAction['target']): string[] {
  const valid = validActions[kind]
  return rulesOf(words).flatMap(([name = '', ...actions]) => {
    const subject = name.toLowerCase()
    if (actions.length === 0) throw failure(`At least one action must be specified with "${subject}".`)
    return actions.map((given) => {
      const action = given.toLowerCase()
      if (valid.includes(action)) return `${kind}/${subject}/${action}`
      throw failure(`Invalid action "${action}" provided. \nValid actions are ${valid.join(', ')}.`)
    })
  })
}

/** The words of each use of the option: a name, and its actions. */
function rulesOf(words: readonly string[]): string[][] {
  const rules: string[][] = []
  for (const word of words) {
    const last = rules.at(-1)
    if (last === undefined || !actionForm.test(word)) rules.push([word])
    else last.push(word)
  }
  return rules
}
