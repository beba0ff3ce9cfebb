import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'

const text = z.string()
const textOrNull = text.nullable()

/** An assignment that a decision considered. */
const decisionAssignment = z
  .strictObject({
    id: text.describe('An ARM id.'),
    principalId: text,
    principalType: text,
    scope: text,
    roleDefinitionId: text,
    roleName: textOrNull.describe('Null if the role does not exist.'),
    condition: textOrNull,
    result: text.describe('allows, or the first of its checks that failed.'),
  })
  .register(apiSchemas, { id: 'DecisionAssignment' })
export type DecisionAssignment = DocumentOf<typeof decisionAssignment>

const decisionChange = z
  .strictObject({
    kind: text,
    roleName: text.exactOptional(),
    roleDefinitionId: text.exactOptional(),
    scope: text.exactOptional(),
    condition: textOrNull.exactOptional(),
    assignmentId: text.exactOptional(),
    action: text.exactOptional(),
    access: textOrNull.exactOptional(),
    address: textOrNull.exactOptional(),
  })
  .describe('A change that would allow the request. The kind determines which of the other properties it has.')
  .register(apiSchemas, { id: 'DecisionChange' })
export type DecisionChange = DocumentOf<typeof decisionChange>

const actionNeed = z
  .strictObject({ kind: z.enum(['Action', 'DataAction']), name: text })
  .register(apiSchemas, { id: 'ActionNeed' })

const scopeMap = z.strictObject({ name: text, actions: z.array(text) })

const recordedDecision = {
  correlationId: text,
  eventTimestamp: text,
  event: text.describe('The action, as in the audit log.'),
  outcome: text,
  reason: textOrNull,
  target: text,
  remoteAddress: text,
  principal: z.strictObject({ kind: text, id: text }),
  credential: z.strictObject({ kind: text, id: textOrNull }).nullable(),
  asked: z
    .strictObject({ action: text, repository: textOrNull, scope: textOrNull })
    .nullable()
    .describe('The missing right; null if no right was checked.'),
  token: z
    .strictObject({ asked: z.array(text), granted: text, leftOut: z.array(text) })
    .nullable()
    .describe('Of a token: the requested access, the granted access, and the difference.'),
  roleAssignmentMode: textOrNull,
  needs: z.array(text),
  assignments: z.array(decisionAssignment),
  assignmentCount: z
    .int()
    .describe('The number of all assignments. The assignments that came closest to allowing the request are listed.'),
  scopeMap: scopeMap.nullable(),
  tokenAccess: textOrNull,
  presented: z
    .strictObject({ issuer: text, subject: text, expiredAt: textOrNull, wantedAudience: textOrNull })
    .nullable()
    .describe(
      'The token in the request, if its signature was verified; expiredAt if it had expired, wantedAudience if it was for another audience.',
    ),
  firstFailure: textOrNull.describe('Null if everything was allowed.'),
  smallestChange: decisionChange.nullable(),
}

const changedAssignment = z
  .strictObject({ id: text, was: textOrNull, is: textOrNull })
  .describe('The result of an assignment, then and now; null if it did not exist.')
  .register(apiSchemas, { id: 'ChangedAssignment' })

const decisionSince = z
  .strictObject({
    allowed: z.boolean(),
    firstFailure: textOrNull,
    smallestChange: decisionChange.nullable(),
    roleAssignmentMode: textOrNull,
    assignments: z.array(changedAssignment),
  })
  .describe('The present decision, if it differs from the recorded decision.')
  .register(apiSchemas, { id: 'DecisionSince' })
export type DecisionSince = DocumentOf<typeof decisionSince>

/** A decision as recorded then, and `since` if the decision would be different now. */
export const decisionResponse = z
  .strictObject({ ...recordedDecision, since: decisionSince.nullable() })
  .register(apiSchemas, { id: 'Decision' })
export type Decision = DocumentOf<typeof decisionResponse>

/** A decision as recorded then. */
export type DecisionDocument = Omit<Decision, 'since'>

const consideredAssignment = decisionAssignment
  .extend({ byWildcard: z.boolean() })
  .register(apiSchemas, { id: 'ConsideredAssignment' })

const roleAssignmentMode = z.enum(['LegacyRegistryPermissions', 'AbacRepositoryPermissions'])

const question = { action: text, repository: textOrNull, roleAssignmentMode }

/** Whether a principal may do something at a registry, and why. */
export const accessExplanationResponse = z
  .strictObject({
    principal: text,
    ...question,
    allowed: z.boolean(),
    needs: z.array(actionNeed),
    assignments: z.array(consideredAssignment),
    scopeMap: scopeMap.nullable(),
    firstFailure: textOrNull,
    smallestChange: decisionChange.nullable(),
  })
  .register(apiSchemas, { id: 'AccessExplanation' })
export type AccessExplanation = DocumentOf<typeof accessExplanationResponse>

const allowedPrincipal = z
  .strictObject({
    principalId: text,
    principalType: z.enum(['User', 'Group', 'ServicePrincipal', 'ScopedToken']),
    displayName: textOrNull,
    assignments: z.array(consideredAssignment),
    scopeMapId: text.exactOptional().describe('Of a scoped token.'),
    status: z.enum(['enabled', 'disabled']).exactOptional().describe('Of a scoped token.'),
  })
  .register(apiSchemas, { id: 'AllowedPrincipal' })
export type AllowedPrincipalDocument = DocumentOf<typeof allowedPrincipal>

/** A page of the principals that may do something at a registry. */
export const allowedPrincipalsResponse = z
  .strictObject({
    ...question,
    anonymous: z.boolean(),
    adminAccount: z.boolean(),
    value: z.array(allowedPrincipal),
    nextLink: z.url().exactOptional(),
  })
  .register(apiSchemas, { id: 'AllowedPrincipalList' })
export type AllowedPrincipalPage = DocumentOf<typeof allowedPrincipalsResponse>

const rightChange = z
  .strictObject({
    action: z.enum(['pull', 'push', 'delete', 'catalog']),
    repositories: z
      .array(text)
      .describe('Names such as `team/app`, beginnings of names such as `team/*`, or `*` for all repositories.'),
    except: z.array(text).describe('If all repositories change: the repositories without a change, in the same form.'),
    byCondition: z
      .boolean()
      .describe(
        'Whether a condition adds repositories that cannot be listed. If all repositories change, they belong to `except`, otherwise to `repositories`.',
      ),
  })
  .register(apiSchemas, { id: 'RightChange' })
export type RightChangeDocument = DocumentOf<typeof rightChange>

const modeChange = z
  .strictObject({
    principalId: text,
    principalType: z.enum(['User', 'Group', 'ServicePrincipal']),
    displayName: textOrNull,
    roleNames: z.array(text),
    lost: z.array(rightChange),
    gained: z.array(rightChange),
  })
  .register(apiSchemas, { id: 'ModeChange' })
export type ModeChangeDocument = DocumentOf<typeof modeChange>

/** A page of the principals that gain or lose rights at a registry by a switch of the mode. */
export const modeChangesResponse = z
  .strictObject({
    roleAssignmentMode: roleAssignmentMode.describe('The mode after the switch.'),
    count: z
      .int()
      .exactOptional()
      .describe('The number of principals that gain or lose a permission. Only on the first page.'),
    isCountComplete: z
      .boolean()
      .exactOptional()
      .describe('False if the registry has more role assignments than are counted. Only on the first page.'),
    value: z.array(modeChange),
    nextLink: z.url().exactOptional(),
  })
  .register(apiSchemas, { id: 'ModeChangeList' })
export type ModeChangeList = DocumentOf<typeof modeChangesResponse>
