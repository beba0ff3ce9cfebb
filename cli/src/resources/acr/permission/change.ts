import type { AssignmentChange } from '@acrux/shared/permissions/directory-assignments.ts'
import { askArm } from '../../../clients/arm/arm.ts'
import { recordOf } from '../../../clients/session/account.ts'
import { assignRole } from '../../role/assign.ts'
import { assignmentVersion } from '../../role/assignments.ts'
import type { Principal } from '../../role/principals.ts'
import { type PermissionRegistry, changeChild } from './permission-registry.ts'

/** Who uses a scope map. */
export type ScopeMapUser = { readonly kind: 'token'; readonly name: string } | { readonly kind: 'anonymous' }

/** A change of permissions. */
export type PermissionChange =
  | AssignmentChange
  | ({ readonly description: string } & (
      | {
          readonly kind: 'create-scope-map' | 'change-scope-map'
          readonly scopeMap: string
          readonly actions: string[]
        }
      | { readonly kind: 'use-scope-map'; readonly scopeMap: string; readonly user: ScopeMapUser }
      | { readonly kind: 'close-anonymous-access' }
    ))

const anonymousAccess = '/providers/Acrux.Server/anonymousAccess/default'

/** Makes a change. The subject is undefined for scope maps. @throws ApiError */
export async function applyChange(
  registry: PermissionRegistry,
  subject: Principal | undefined,
  change: PermissionChange,
): Promise<void> {
  const { account, id: scope } = registry
  switch (change.kind) {
    case 'create-assignment': {
      const { roleName: role, condition } = change
      if (subject !== undefined)
        await assignRole(account, { scope, role, principal: subject, properties: termsOf(condition) })
      return
    }
    case 'change-assignment': {
      const url = `${change.id}?api-version=${assignmentVersion}`
      const present = recordOf(recordOf(await askArm(account, { method: 'GET', url }))['properties'])
      const { roleDefinitionId, principalId, principalType, description } = present
      const kept = { roleDefinitionId, principalId, principalType, description: description ?? undefined }
      await askArm(account, { method: 'PUT', url, body: { properties: { ...kept, ...termsOf(change.condition) } } })
      return
    }
    case 'delete-assignment':
      await askArm(account, { method: 'DELETE', url: `${change.id}?api-version=${assignmentVersion}` })
      return
    case 'create-scope-map':
    case 'change-scope-map': {
      const method = change.kind === 'create-scope-map' ? 'PUT' : 'PATCH'
      await changeChild(registry, method, `/scopeMaps/${change.scopeMap}`, { actions: change.actions })
      return
    }
    case 'use-scope-map': {
      const scopeMapId = `${scope}/scopeMaps/${change.scopeMap}`
      if (change.user.kind === 'anonymous') await changeChild(registry, 'PUT', anonymousAccess, { scopeMapId })
      else await changeChild(registry, 'PATCH', `/tokens/${encodeURIComponent(change.user.name)}`, { scopeMapId })
      return
    }
    case 'close-anonymous-access':
      await changeChild(registry, 'DELETE', anonymousAccess)
  }
}

function termsOf(condition: string | null): object {
  return condition === null ? {} : { condition, conditionVersion: '2.0' }
}
