import { z } from 'zod'
import type { DecisionRecord } from '../../authorization/index.ts'
import { DirectoryError } from '../../directory/index.ts'
import type { TokenOwner } from '../../identity/index.ts'
import { apiSchemas } from '../../platform/http/api-schema.ts'

/** The body of every error. [azure-mgmt-containerregistry, ErrorResponse] */
export const errorResponse = z
  .strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) })
  .register(apiSchemas, { id: 'ArmError' })

type ArmErrorRow = {
  readonly status: number
  readonly code: string
}

/** Every error of the ARM surface: its status, and the code that clients read. [arm-facts; Azure Resource Manager, common errors] */
// prettier-ignore
export const armErrors = {
  authenticationFailed:    { status: 401, code: 'AuthenticationFailed' },
  authorizationFailed:     { status: 403, code: 'AuthorizationFailed' },
  linkedAuthorization:     { status: 403, code: 'LinkedAuthorizationFailed' },

  missingApiVersion:       { status: 400, code: 'MissingApiVersionParameter' },
  invalidApiVersion:       { status: 400, code: 'InvalidApiVersionParameter' },
  unregisteredVersion:     { status: 400, code: 'NoRegisteredProviderFound' },
  invalidSubscriptionId:   { status: 400, code: 'InvalidSubscriptionId' },
  invalidGroupName:        { status: 400, code: 'InvalidResourceGroupName' },
  invalidResourceName:     { status: 400, code: 'InvalidResourceName' },
  invalidContent:          { status: 400, code: 'InvalidRequestContent' },
  invalidFilter:           { status: 400, code: 'InvalidFilterInQueryString' },
  locationRequired:        { status: 400, code: 'LocationRequired' },
  badRequest:              { status: 400, code: 'BadRequest' },
  invalidIdentity:         { status: 400, code: 'InvalidIdentity' },
  groupLocationFixed:      { status: 409, code: 'InvalidResourceGroupLocation' },
  conflict:                { status: 409, code: 'Conflict' },
  resourceLocationFixed:   { status: 409, code: 'InvalidResourceLocation' },

  subscriptionNotFound:    { status: 404, code: 'SubscriptionNotFound' },
  groupNotFound:           { status: 404, code: 'ResourceGroupNotFound' },
  resourceNotFound:        { status: 404, code: 'ResourceNotFound' },
  namespaceNotFound:       { status: 404, code: 'InvalidResourceNamespace' },
  noRoute:                 { status: 404, code: 'NotFound' },

  nameInUse:               { status: 409, code: 'RegistryNameAlreadyInUse' },
  classicSku:              { status: 400, code: 'ClassicSkuDeprecated' },
  unknownSku:              { status: 400, code: 'InvalidSku' },
  notInSku:                { status: 400, code: 'BadRequest' },
  importConflict:          { status: 409, code: 'Conflict' },
  importFailed:            { status: 400, code: 'InvalidParameters' },
  importStopped:           { status: 409, code: 'OperationCanceled' },
  importBusy:              { status: 429, code: 'TooManyRequests' },
  operationNotFound:       { status: 404, code: 'ResourceNotFound' },
  policyConflict:          { status: 400, code: 'BadRequest' },
  publicAccessNotInSku:    { status: 400, code: 'DisablingPublicNetworkAccessNotSupported' },
  adminDisabled:           { status: 400, code: 'UnAuthorizedForCredentialOperations' },
  notServed:               { status: 400, code: 'NotSupported' },

  childNotFound:           { status: 404, code: 'ResourceNotFound' },
  invalidScopeMapAction:   { status: 400, code: 'InvalidScopeMapAction' },
  systemScopeMap:          { status: 400, code: 'SystemDefinedScopeMap' },
  scopeMapInUse:           { status: 409, code: 'ScopeMapInUse' },
  invalidScopeMapId:       { status: 400, code: 'InvalidScopeMapId' },
  invalidTokenId:          { status: 400, code: 'InvalidTokenId' },
  invalidExpiry:           { status: 400, code: 'InvalidExpiry' },
  quotaExceeded:           { status: 409, code: 'QuotaExceeded' },

  assignmentNotFound:      { status: 404, code: 'RoleAssignmentNotFound' },
  assignmentExists:        { status: 409, code: 'RoleAssignmentExists' },
  assignmentFixed:         { status: 400, code: 'RoleAssignmentUpdateNotPermitted' },
  assignmentOfLastOwner:   { status: 400, code: 'CannotDeleteLastRbacAdminAssignment' },
  invalidAssignmentId:     { status: 400, code: 'InvalidRoleAssignmentId' },
  invalidCondition:        { status: 400, code: 'InvalidRoleAssignmentCondition' },
  invalidRoleDefinitionId: { status: 400, code: 'InvalidRoleDefinitionId' },
  unknownRoleDefinition:   { status: 400, code: 'RoleDefinitionDoesNotExist' },
  definitionNotFound:      { status: 404, code: 'RoleDefinitionDoesNotExist' },
  invalidRoleDefinition:   { status: 400, code: 'InvalidRoleDefinition' },
  invalidActionOrNot:      { status: 400, code: 'InvalidActionOrNotAction' },
  builtInRole:             { status: 400, code: 'BuiltInRoleDefinition' },
  roleHasAssignments:      { status: 400, code: 'RoleDefinitionHasAssignments' },
  roleLimitExceeded:       { status: 400, code: 'RoleDefinitionLimitExceeded' },
  roleNameTaken:           { status: 409, code: 'RoleDefinitionWithSameNameExists' },
  principalNotFound:       { status: 400, code: 'PrincipalNotFound' },
  unmatchedPrincipalType:  { status: 400, code: 'UnmatchedPrincipalType' },

  tooLarge:                { status: 413, code: 'RequestContentTooLarge' },
  notJson:                 { status: 415, code: 'UnsupportedMediaType' },
  diskFull:                { status: 507, code: 'InsufficientStorage' },
  databaseBusy:            { status: 503, code: 'ServiceUnavailable' },
  internal:                { status: 500, code: 'InternalServerError' },
} as const satisfies Record<string, ArmErrorRow>

export type ArmErrorKind = keyof typeof armErrors

export type WantedAction = { readonly action: string; readonly scope: string }

export type ArmErrorOptions = ErrorOptions & {
  readonly challenge?: string
  readonly wanted?: WantedAction
  readonly decision?: DecisionRecord
  readonly owner?: TokenOwner | undefined
  readonly retryAfterSeconds?: number
}

/** An error of the ARM surface; the message is for the client. */
export class ArmError extends Error {
  override readonly name = 'ArmError'
  readonly status: number
  readonly code: string
  /** The value of `WWW-Authenticate`, if any. */
  readonly challenge: string | undefined
  /** The missing permission, if that is the reason. */
  readonly wanted: WantedAction | undefined
  /** The decision to record, if the reason is not a missing permission. */
  readonly decision: DecisionRecord | undefined
  /** The owner of a rejected token, if known. */
  readonly owner: TokenOwner | undefined
  /** The value of `Retry-After`, if any. */
  readonly retryAfterSeconds: number | undefined

  constructor(kind: ArmErrorKind, message: string, options: ArmErrorOptions = {}) {
    super(message, options)
    const row: ArmErrorRow = armErrors[kind]
    this.status = row.status
    this.code = row.code
    this.challenge = options.challenge
    this.wanted = options.wanted
    this.decision = options.decision
    this.owner = options.owner
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** ARM's text for another media type. */
export const unsupportedMediaType = "The content media type is not supported. Only 'application/json' is supported."

/** The error for a missing group, for callers who may read it. */
export function groupNotFound(name: string): ArmError {
  return new ArmError('groupNotFound', `Resource group '${name}' could not be found.`)
}

/** The error for a missing registry, for callers who may read it. [arm-facts §14] */
export function registryNotFound(group: string, name: string): ArmError {
  return resourceNotFound('Microsoft.ContainerRegistry/registries', group, name)
}

/** The error for a missing resource of this type, for callers who may read it. [arm-facts §14] */
export function resourceNotFound(type: string, group: string, name: string): ArmError {
  const message = `The Resource '${type}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`
  return new ArmError('resourceNotFound', message)
}

/** The error for a missing resource within a registry, for callers who may read it. [arm-facts §1] */
export function childNotFound(name: string): ArmError {
  return new ArmError('childNotFound', `The resource ${name} could not be found.`)
}

/** The error for another location: a resource never moves. [arm-facts §8] */
export function locationFixed(
  {
    name,
    location,
    resourceGroup,
  }: { readonly name: string; readonly location: string; readonly resourceGroup: string },
  wanted: string,
): ArmError {
  const message = `The resource '${name}' already exists in location '${location}' in resource group '${resourceGroup}'. A resource with the same name cannot be created in location '${wanted}'. Please select a new resource name.`
  return new ArmError('resourceLocationFixed', message)
}

/** Translates an error of the directory. @throws ArmError with the text of the DirectoryError */
export function throwAsArm(error: unknown): never {
  if (!(error instanceof DirectoryError)) throw error
  throw new ArmError(kindOfRejection(error), error.message, { cause: error })
}

function kindOfRejection({ rejection }: DirectoryError): 'conflict' | 'authorizationFailed' | 'badRequest' {
  if (rejection === 'forbidden') return 'authorizationFailed'
  return rejection === 'conflict' ? 'conflict' : 'badRequest'
}
