export type {
  Principal,
  RegistryInQuestion,
  RoleDefinition,
  NewRoleDefinition,
  PrincipalType,
  RoleAssignment,
  NewRoleAssignment,
  AssignmentChange,
} from './model.ts'
export { createAccess, type Access } from './access.ts'
export type { Authorship } from './authorship.ts'
export { ownerRole } from './built-in-roles.ts'
export {
  type DecisionRecord,
  type RecordedChange,
  failedBefore,
  recordActionDecision,
  recordDecision,
  withinLimit,
} from './decision-record.ts'
export {
  AssignmentExistsError,
  BuiltInRoleError,
  RoleInUseError,
  RoleLimitError,
  RoleNameTakenError,
  RoleNotAssignableError,
  ScopeMapInUseError,
} from './errors.ts'
export type { AllowedPrincipal, ConsideredAssignment, Explanation, RightInQuestion } from './explain.ts'
export { accessMigrations } from './migrations.ts'
export { everyRight } from './repository-rights.ts'
export { isAssignableAt } from './role-definitions.ts'
export type { ScopeMap } from './scope-maps.ts'
export type { ScopedTokenProof } from './scoped-token-proof.ts'
export { type ScopedToken, type ScopedTokenPasswordName, scopedTokenPasswordNames } from './scoped-tokens.ts'
