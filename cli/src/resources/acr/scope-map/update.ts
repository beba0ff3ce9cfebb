import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { askRegistry, findOwningRegistry } from '../../../clients/arm/named-registry.ts'
import { actionsFlag, scopeMapActions } from './actions.ts'
import {
  type ScopeMapFlags,
  descriptionFlag,
  scopeMapDocument,
  scopeMapFlags,
  scopeMapTable,
  tokenVersion,
} from './shared.ts'

type Flags = ScopeMapFlags & {
  readonly addRepository?: readonly string[]
  readonly removeRepository?: readonly string[]
  readonly addGateway?: readonly string[]
  readonly removeGateway?: readonly string[]
  readonly description?: string
}

/** `acrux acr scope-map update`. */
export const command = defineCommand<Flags>({
  flags: [
    ...scopeMapFlags,
    { ...actionsFlag('--add-repository', 'repositories', 'permissions to add'), aliases: ['--add'] },
    { ...actionsFlag('--remove-repository', 'repositories', 'permissions to remove'), aliases: ['--remove'] },
    actionsFlag('--add-gateway', 'gateway', 'permissions to add'),
    actionsFlag('--remove-gateway', 'gateway', 'permissions to remove'),
    descriptionFlag,
  ],
  examples: ['acrux acr scope-map update -r contoso -n devices --add-repository team/web content/read'],
  prints: 'result',
  table: scopeMapTable,
  run: async (flags, context) => {
    const { addRepository, removeRepository, addGateway, removeGateway, description } = flags
    if ((addRepository ?? removeRepository ?? addGateway ?? removeGateway ?? description) === undefined)
      throw failure('No scope map properties to update.')
    const named = await findOwningRegistry(context, flags)
    const path = `/scopeMaps/${encodeURIComponent(flags.name)}`
    const present = valueAt(await askRegistry(named, 'GET', { path, version: tokenVersion }), 'properties.actions')
    const actions = changedActions(
      Array.isArray(present) ? present.map(String) : [],
      scopeMapActions(addRepository, addGateway),
      scopeMapActions(removeRepository, removeGateway),
    )
    const body = { properties: { actions, ...(description !== undefined && { description }) } }
    return scopeMapDocument(await askRegistry(named, 'PATCH', { path, body, version: tokenVersion }))
  },
})

function changedActions(present: readonly string[], added: readonly string[], removed: readonly string[]): string[] {
  const both = added.filter((action) => removed.includes(action)).map((action) => action.slice(action.indexOf('/') + 1))
  if (both.length > 0) {
    throw failure(
      `Update ambiguity. Duplicate actions were provided with --add and --remove arguments.\n${both.toSorted().join(', ')}`,
    )
  }
  return [...new Set([...present, ...added])].filter((action) => !removed.includes(action))
}
