import { defineCommand } from '../../../framework/command/command.ts'
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
  readonly repository?: readonly string[]
  readonly gateway?: readonly string[]
  readonly description?: string
}

/** `acrux acr scope-map create`. */
export const command = defineCommand<Flags>({
  flags: [
    ...scopeMapFlags,
    actionsFlag('--repository', 'repositories', 'permissions on a repository'),
    actionsFlag('--gateway', 'gateway', 'permissions on a gateway'),
    descriptionFlag,
  ],
  examples: [
    'acrux acr scope-map create -r contoso -n devices --repository team/app content/read metadata/read --description devices',
  ],
  prints: 'result',
  table: scopeMapTable,
  run: async (flags, context) => {
    const named = await findOwningRegistry(context, flags)
    const { description } = flags
    const actions = scopeMapActions(flags.repository, flags.gateway)
    const body = { properties: { actions, ...(description !== undefined && { description }) } }
    const path = `/scopeMaps/${encodeURIComponent(flags.name)}`
    return scopeMapDocument(await askRegistry(named, 'PUT', { path, body, version: tokenVersion }))
  },
})
