import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { normalizeScope } from '@acrux/shared/standards/azure/resource-id.ts'
import type { AssignmentDelay } from './assignment-delay.ts'
import { ownerRole } from './built-in-roles.ts'
import { AssignmentExistsError, RoleNotAssignableError } from './errors.ts'
import { type AssignmentFilter, type AssignmentListPart, readAssignmentList } from './list-assignments.ts'
import type { AssignmentChange, NewRoleAssignment, RoleAssignment } from './model.ts'
import type { RoleAssignmentStore } from './role-assignment-store.ts'
import type { RoleDefinitionStore } from './role-definition-store.ts'
import { findBuiltInRole, isAssignableAt, toRoleDefinition } from './role-definitions.ts'
import type { RoleAssignmentRow } from './rows.ts'

/** Role assignments: which principal has which role at which scope. */
export interface RoleAssignments {
  /** Lists assignments at the scope, then above the scope, then below the scope. */
  listAssignments(filter: AssignmentFilter, part?: AssignmentListPart): Promise<RoleAssignment[]>
  findAssignment(scope: string, name: string): Promise<RoleAssignment | undefined>
  /**
   * @throws AssignmentExistsError if the principal already has the role at the scope, or the name is in use
   * @throws RoleNotAssignableError if the role does not exist at this scope
   */
  createAssignment(transaction: Transaction, assignment: NewRoleAssignment): Promise<RoleAssignment>
  /** Undefined if the scope has no assignment with the name. */
  updateAssignment(
    transaction: Transaction,
    scope: string,
    name: string,
    change: AssignmentChange,
  ): Promise<RoleAssignment | undefined>
  deleteAssignment(transaction: Transaction, scope: string, name: string): Promise<RoleAssignment | undefined>
  /**
   * The number of unconditional assignments of the role at exactly this scope, including changes of the transaction.
   */
  countAssignments(transaction: Transaction, scope: string, roleDefinitionName: string): Promise<number>
  /** Deletes every assignment at a scope or below the scope, together with the resource. */
  deleteAssignmentsBelow(transaction: Transaction, scope: string): Promise<void>
  /** The principals that own each subscription without a condition, by the scope of the subscription. */
  subscriptionOwners(transaction: Transaction): Promise<ReadonlyMap<string, readonly string[]>>
  /** Deletes every assignment of a deleted principal. */
  deleteAssignmentsOf(transaction: Transaction, principalId: string): Promise<void>
}

/** Creates the role assignments. */
export function createRoleAssignments(
  store: RoleAssignmentStore,
  definitions: RoleDefinitionStore,
  clock: Clock,
  delay?: AssignmentDelay,
): RoleAssignments {
  /** Runs the checks in the transaction, so that no concurrently deleted role is assigned. */
  async function requireAssignable(transaction: Transaction, { roleDefinitionName, scope }: NewRoleAssignment) {
    if (findBuiltInRole(roleDefinitionName) !== undefined) return
    const row = await definitions.findWithin(transaction, roleDefinitionName)
    if (row === undefined || !isAssignableAt(toRoleDefinition(row), scope)) {
      throw new RoleNotAssignableError('the role does not exist at this scope')
    }
  }

  return {
    listAssignments: async (filter, part = {}) => (await readAssignmentList(store, filter, part)).map(toAssignment),
    findAssignment: async (scope, name) => {
      const row = await store.find(normalizeScope(scope), name.toLowerCase())
      return row === undefined ? undefined : toAssignment(row)
    },
    createAssignment: async (transaction, assignment) => {
      transaction.changesAuthority()
      await requireAssignable(transaction, assignment)
      const nowMs = clock.now()
      const name = assignment.name.toLowerCase()
      const defaults = { condition: null, conditionVersion: null, description: null }
      const times = { createdAtMs: nowMs, updatedAtMs: nowMs, updatedBy: assignment.createdBy }
      const created = { ...defaults, ...assignment, name, ...times }
      if (!(await store.insert(transaction, toRow(created)))) throw new AssignmentExistsError('the assignment exists')
      return created
    },
    updateAssignment: async (transaction, scope, name, { condition, conditionVersion, description, updatedBy }) => {
      transaction.changesAuthority()
      const row = await store.update(transaction, normalizeScope(scope), name.toLowerCase(), {
        condition,
        condition_version: conditionVersion,
        description,
        updated_at_ms: clock.now(),
        updated_by: updatedBy,
      })
      return row === undefined ? undefined : toAssignment(row)
    },
    deleteAssignment: async (transaction, scope, name) => {
      transaction.changesAuthority()
      const key = [normalizeScope(scope), name.toLowerCase()] as const
      const kept = delay && (await store.findAssigned(transaction, ...key))
      if (kept !== undefined) delay?.keepDeleted(kept)
      const row = await store.remove(transaction, ...key)
      return row === undefined ? undefined : toAssignment(row)
    },
    countAssignments: (transaction, scope, roleDefinitionName) =>
      store.countUnconditional(transaction, normalizeScope(scope), roleDefinitionName),
    subscriptionOwners: async (transaction) => {
      const owners = new Map<string, string[]>()
      for (const { scope_key: scope, principal_id: principalId } of await store.ofSubscriptions(transaction, ownerRole))
        owners.set(scope, [...(owners.get(scope) ?? []), principalId])
      return owners
    },
    deleteAssignmentsBelow: async (transaction, scope) => {
      transaction.changesAuthority()
      await store.removeBelow(transaction, normalizeScope(scope))
    },
    deleteAssignmentsOf: async (transaction, principalId) => {
      transaction.changesAuthority()
      await store.removeOf(transaction, principalId)
    },
  }
}

function toRow(assignment: RoleAssignment): RoleAssignmentRow {
  return {
    scope_key: normalizeScope(assignment.scope),
    name: assignment.name,
    scope: assignment.scope,
    role_definition_name: assignment.roleDefinitionName,
    principal_id: assignment.principalId,
    principal_type: assignment.principalType,
    condition: assignment.condition,
    condition_version: assignment.conditionVersion,
    created_at_ms: assignment.createdAtMs,
    created_by: assignment.createdBy,
    description: assignment.description,
    updated_at_ms: assignment.updatedAtMs,
    updated_by: assignment.updatedBy,
  }
}

function toAssignment(row: RoleAssignmentRow): RoleAssignment {
  return {
    name: row.name,
    scope: row.scope,
    roleDefinitionName: row.role_definition_name,
    principalId: row.principal_id,
    principalType: row.principal_type as RoleAssignment['principalType'],
    condition: row.condition,
    conditionVersion: row.condition_version,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    description: row.description,
    updatedAtMs: row.updated_at_ms ?? row.created_at_ms,
    updatedBy: row.updated_by ?? row.created_by,
  }
}
