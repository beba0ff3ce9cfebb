export type { Principal } from './rights/model.ts'
export type { RoleDefinition, NewRoleDefinition, PrincipalType, RoleAssignment } from './roles/model.ts'
export type { AssignmentDelay } from './roles/assignment-delay.ts'
export { createAccess, type Access } from './authorization.ts'
export type { AssignmentFilter, AssignmentListPart } from './roles/list-assignments.ts'
export type { Authorship } from './rights/authorship.ts'
export { ownerRole } from './roles/built-in-roles.ts'
export {
  type DecisionRecord,
  type RecordedChange,
  failedBefore,
  recordDecision,
  withinLimit,
} from './decisions/decision-record.ts'
export {
  AssignmentExistsError,
  BuiltInRoleError,
  RoleInUseError,
  RoleLimitError,
  RoleNameTakenError,
  RoleNotAssignableError,
} from './roles/errors.ts'
export { ScopeMapInUseError } from './scope-maps/errors.ts'
export type { RightInQuestion } from './rights/model.ts'
export { accessMigrations } from './migrations.ts'
export { type RegistryRights, noRights } from './rights/repository-rights.ts'
export { isAssignableAt } from './roles/role-definitions.ts'
export type { ScopeMap } from './scope-maps/scope-maps.ts'
export type { ScopedTokenPasswordId } from './scoped-tokens/scoped-token-sign-in.ts'
export {
  type ScopedToken,
  type ScopedTokenPasswordName,
  scopedTokenPasswordNames,
} from './scoped-tokens/scoped-tokens.ts'
export { type GivenRights, hasRole } from './decisions/explain.ts'
export {
  type DecidedByToken,
  type LeftOut,
  explainDenied,
  explainLeftOut,
  explainNoRole,
} from './decisions/explain-denial.ts'
export { allowedPart } from './rights/asked-rights.ts'
export { decisionDocument } from './decisions/decision-document.ts'
export { createDecisions, type Decisions } from './decisions/decisions.ts'
export {
  type AccessExplanation,
  type AllowedPrincipalPage,
  type Decision,
  type ModeChangeList,
  accessExplanationResponse,
  allowedPrincipalsResponse,
  decisionResponse,
  modeChangesResponse,
} from './decisions/model.ts'
