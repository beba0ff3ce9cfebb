import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { AccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import type { AnonymousAccess } from './anonymous-access/anonymous-access.ts'
import { createExplain, type Explain, type GivenRights } from './decisions/explain.ts'
import { type ModeChanges, createModeChanges } from './decisions/mode-changes.ts'
import { createRegistryAccess } from './registry-access.ts'
import type { Principal, RegistryInQuestion } from './rights/model.ts'
import { allowedPart } from './rights/asked-rights.ts'
import { allRights, anonymousRights, noRights } from './rights/repository-rights.ts'
import { type AssignmentDelay, countingIn } from './roles/assignment-delay.ts'
import { createAssignedRoles } from './roles/assigned-roles.ts'
import { type ManagementRights, createManagementRights } from './roles/management-rights.ts'
import { createRoleAssignmentStore } from './roles/role-assignment-store.ts'
import { type RoleAssignments, createRoleAssignments } from './roles/role-assignments.ts'
import { createRoleDefinitionStore } from './roles/role-definition-store.ts'
import { type RoleDefinitions, createRoleDefinitions } from './roles/role-definitions.ts'
import { rightsOfRoles } from './roles/role-union.ts'
import type { ScopeMaps } from './scope-maps/scope-maps.ts'
import type { ScopedTokenSignIn } from './scoped-tokens/scoped-token-sign-in.ts'
import type { ScopedTokens } from './scoped-tokens/scoped-tokens.ts'

/** Authorization: roles, scope maps, scoped tokens, and the decisions that combine them. */
export interface Access
  extends RoleDefinitions, RoleAssignments, ManagementRights, ScopedTokenSignIn, Explain, ModeChanges {
  readonly scopeMaps: ScopeMaps
  readonly scopedTokens: ScopedTokens
  readonly anonymousAccess: AnonymousAccess
  /** Deletes the scoped tokens, scope maps and anonymous access of a deleted registry. */
  deleteRegistryAccess(transaction: Transaction, rid: string): Promise<void>
  /** The current rights of a principal at a registry, until the authority revision changes. */
  rightsAt(principal: Principal, registry: RegistryInQuestion): Promise<GivenRights>
  /** The part of `asked` that the principal may do now. Denied actions are omitted; that is not an error. */
  allowedAccess(
    principal: Principal,
    registry: RegistryInQuestion,
    asked: readonly AccessScope[],
  ): Promise<AccessScope[]>
}

type AccessOptions = {
  readonly database: Database
  readonly clock: Clock
  /** Delays the effect of new and deleted role assignments. By default, the assignments take effect immediately. */
  readonly assignmentDelay?: AssignmentDelay | undefined
}

/** Creates the access module. */
export function createAccess({ database, clock, assignmentDelay: delay }: AccessOptions): Access {
  const store = createRoleAssignmentStore(database)
  const definitions = createRoleDefinitionStore(database)
  const assigned = createAssignedRoles(database, clock, store, countingIn(delay, 'management'))
  const assignedInRegistries =
    delay === undefined ? assigned : createAssignedRoles(database, clock, store, countingIn(delay, 'registries'))
  const { rightsOfToken, rightsOfAnonymous, ...registryAccess } = createRegistryAccess(database, clock)

  async function rightsAt(principal: Principal, registry: RegistryInQuestion): Promise<GivenRights> {
    switch (principal.kind) {
      case 'anonymous':
        return registry.anonymousPullEnabled ? anonymousRights : rightsOfAnonymous(registry.rid)
      case 'admin':
        return principal.rid === registry.rid && registry.adminUserEnabled ? allRights : noRights
      case 'scoped-token':
        return principal.rid === registry.rid ? rightsOfToken(principal.tokenId) : noRights
      case 'directory':
        return rightsOfRoles(await assignedInRegistries.unionOf(principal, registry.id), registry.roleAssignmentMode)
    }
  }

  return {
    ...registryAccess,
    ...createRoleDefinitions(definitions, clock),
    ...createRoleAssignments(store, definitions, clock, delay),
    ...createManagementRights(assigned),
    ...createExplain({ store, assigned, rightsAt }),
    ...createModeChanges(store, assigned),
    rightsAt,
    allowedAccess: async (principal, registry, asked) => allowedPart(await rightsAt(principal, registry), asked),
  }
}
