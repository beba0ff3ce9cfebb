import { listArm } from '../../../clients/arm/arm.ts'
import {
  type OwningRegistryFlags,
  askRegistry,
  findOwningRegistry,
  owningRegistryFlags,
} from '../../../clients/arm/named-registry.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { yesFlag } from '../../../framework/options/flags.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { actionsFlag, scopeMapActions } from './actions.ts'
import {
  type ScopeMapFlags,
  descriptionFlag,
  scopeMapDocument,
  scopeMapFlags,
  scopeMapTable,
  tokenVersion,
} from './scope-map.ts'

/** `acrux acr scope-map list`. */
export const listScopeMaps = defineCommand<OwningRegistryFlags>({
  flags: owningRegistryFlags,
  examples: ['acrux acr scope-map list -r contoso -o table'],
  table: scopeMapTable,
  run: async (flags, context) => {
    const { account, id } = await findOwningRegistry(context, flags)
    return (await listArm(account, `${id}/scopeMaps?api-version=${tokenVersion}`)).map(scopeMapDocument)
  },
})

/** `acrux acr scope-map show`. */
export const showScopeMap = defineCommand<ScopeMapFlags>({
  flags: scopeMapFlags,
  examples: ['acrux acr scope-map show -r contoso -n devices'],
  table: scopeMapTable,
  run: async (flags, context) => {
    const named = await findOwningRegistry(context, flags)
    return scopeMapDocument(
      await askRegistry(named, 'GET', { path: `/scopeMaps/${encodeURIComponent(flags.name)}`, version: tokenVersion }),
    )
  },
})

type CreateScopeMapFlags = ScopeMapFlags & {
  readonly repository?: readonly string[]
  readonly gateway?: readonly string[]
  readonly description?: string
}

/** `acrux acr scope-map create`. */
export const createScopeMap = defineCommand<CreateScopeMapFlags>({
  flags: [
    ...scopeMapFlags,
    actionsFlag('--repository', 'repositories', 'permissions on a repository'),
    actionsFlag('--gateway', 'gateway', 'permissions on a gateway'),
    descriptionFlag,
  ],
  examples: [
    'acrux acr scope-map create -r contoso -n devices --repository team/app content/read metadata/read --description devices',
  ],
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

type UpdateScopeMapFlags = ScopeMapFlags & {
  readonly addRepository?: readonly string[]
  readonly removeRepository?: readonly string[]
  readonly addGateway?: readonly string[]
  readonly removeGateway?: readonly string[]
  readonly description?: string
}

/** `acrux acr scope-map update`. */
export const updateScopeMap = defineCommand<UpdateScopeMapFlags>({
  flags: [
    ...scopeMapFlags,
    { ...actionsFlag('--add-repository', 'repositories', 'permissions to add'), aliases: ['--add'] },
    { ...actionsFlag('--remove-repository', 'repositories', 'permissions to remove'), aliases: ['--remove'] },
    actionsFlag('--add-gateway', 'gateway', 'permissions to add'),
    actionsFlag('--remove-gateway', 'gateway', 'permissions to remove'),
    descriptionFlag,
  ],
  examples: ['acrux acr scope-map update -r contoso -n devices --add-repository team/web content/read'],
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

/** `acrux acr scope-map delete`. */
export const deleteScopeMap = defineCommand<ScopeMapFlags & { readonly yes?: true }>({
  flags: [...scopeMapFlags, yesFlag],
  examples: ['acrux acr scope-map delete -r contoso -n devices --yes'],
  run: async (flags, context) => {
    const { name, yes } = flags
    const question = `Deleting the scope map '${name}' will remove its permissions with associated tokens. Proceed?`
    await context.confirm(question, yes)
    const named = await findOwningRegistry(context, flags)
    await askRegistry(named, 'DELETE', { path: `/scopeMaps/${encodeURIComponent(name)}`, version: tokenVersion })
  },
})
