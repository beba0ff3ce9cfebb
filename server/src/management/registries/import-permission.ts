import type { Registry } from '../../resources/index.ts'
import { callerNow } from '../arm/authenticate.ts'
import type { ManagementCaller } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { isOpenToImports } from './import-errors.ts'

/** What an import was permitted for. */
export type PermittedImport = {
  readonly caller: ManagementCaller
  /** The header that authenticated the caller. */
  readonly authorization: string | undefined
  readonly target: Registry
  /** Decides now about the source. */
  readonly explainSource: ExplainSource
}

/** Why an import from a source is not permitted now, as the end of a sentence; undefined if it is. */
export type ExplainSource = (caller: ManagementCaller) => Promise<string | undefined>

/** The action that an import needs on its target. */
export const importAction = 'Microsoft.ContainerRegistry/registries/importImage/action'

/** Returns the decision whether an import is permitted now. Every decision reads the caller and the registries again. */
export function explainImportDenial(
  context: Pick<RegistriesContext, 'access' | 'credentials' | 'directory' | 'identity' | 'resources'>,
  { caller, authorization, target, explainSource }: PermittedImport,
): () => Promise<string | undefined> {
  return async () => {
    const now = await callerNow(context, caller, authorization)
    if (now === undefined) return 'the caller or the credential of the import is no longer valid'
    const registry = await context.resources.findRegistryByRid(target.rid)
    if (registry === undefined) return `the registry ${target.name} was deleted`
    if (!(await context.access.mayManage(now.rights, importAction, registry.id))) {
      return `the caller may no longer import images into ${target.name}`
    }
    if (!isOpenToImports(registry)) return `the network rules of the registry ${target.name} deny imports now`
    return explainSource(now)
  }
}
