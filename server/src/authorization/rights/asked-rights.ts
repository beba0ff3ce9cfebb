import type { AccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import type { RightInQuestion } from './model.ts'
import { type RegistryRights, everyRepositoryAction, isRepositoryAction } from './repository-rights.ts'

/** An action of an access scope, and the requested right; undefined for an action that cannot be granted. */
export type AskedAction = { readonly action: string; readonly right: RightInQuestion | undefined }

/** The rights that an access scope requests. Decisions and explanations both use this function. */
export function rightsAskedBy({ type, name, actions }: AccessScope): AskedAction[] {
  switch (type) {
    case 'repository': {
      const wanted = actions.includes('*') ? everyRepositoryAction : actions
      return wanted.map((action) => ({
        action,
        right: isRepositoryAction(action) ? { right: action, repository: name } : undefined,
      }))
    }
    case 'registry': {
      const isList = name === 'catalog' || name === 'deleted_catalog' || name === 'repositories'
      return [...new Set(actions)].map((action) => ({
        action,
        right: isList && action === '*' ? { right: name, repository: undefined } : undefined,
      }))
    }
    default:
      return actions.map((action) => ({ action, right: undefined }))
  }
}

/** The part of the asked access that rights allow. Denied actions are omitted. */
export function allowedPart(rights: RegistryRights, asked: readonly AccessScope[]): AccessScope[] {
  return asked.flatMap((scope) => {
    const { type, name } = scope
    const actions = rightsAskedBy(scope).flatMap(({ action, right }) =>
      right !== undefined && rights.allows(right.right, right.repository) ? [action] : [],
    )
    if (actions.length === 0) return []
    return [{ type, name, actions: scope.actions.includes('*') ? actions.toSorted() : actions }]
  })
}
