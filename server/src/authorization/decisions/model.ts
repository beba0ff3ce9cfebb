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
    result: text.describe('`allows`, or the first check of the assignment that failed.'),
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
  .describe('A change that would allow the request. `kind` determines which properties the change contains.')
  .register(apiSchemas, { id: 'DecisionChange' })
export type DecisionChange = DocumentOf<typeof decisionChange>

const actionNeed = z
  .strictObject({ kind: z.enum(['Action', 'DataAction']), name: text })
  .register(apiSchemas, { id: 'ActionNeed' })

const scopeMap = z.strictObject({ name: text, actions: z.array(text) })

const recordedDecision = {
  correlationId: text,
  eventTimestamp: text,
  event: text.describe('The name of the action in the audit log.'),
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
    .describe(
      'If a token was issued: the requested access, the granted access, and the requested access that was not granted.',
    ),
  roleAssignmentMode: textOrNull,
  needs: z.array(text),
  assignments: z.array(decisionAssignment),
  assignmentCount: z
    .int()
    .describe(
      'The number of all role assignments that the server checked. `assignments` lists the assignments that came closest to allowing the request.',
    ),
  scopeMap: scopeMap.nullable(),
  tokenAccess: textOrNull,
  presented: z
    .strictObject({ issuer: text, subject: text, expiredAt: textOrNull, wantedAudience: textOrNull })
    .nullable()
    .describe(
      'The token in the request, if the signature is valid. `expiredAt` is set for an expired token, and `wantedAudience` for a token with the wrong audience.',
    ),
  firstFailure: textOrNull.describe('The first check that failed; null if everything was allowed.'),
  smallestChange: decisionChange.nullable(),
}

const changedAssignment = z
  .strictObject({ id: text, was: textOrNull, is: textOrNull })
  .describe(
    'The results of a role assignment in the recorded and in the current decision; null if the assignment did not exist.',
  )
  .register(apiSchemas, { id: 'ChangedAssignment' })

const decisionSince = z
  .strictObject({
    allowed: z.boolean(),
    firstFailure: textOrNull,
    smallestChange: decisionChange.nullable(),
    roleAssignmentMode: textOrNull,
    assignments: z.array(changedAssignment),
  })
  .describe('The current decision, if the current decision differs from the recorded decision.')
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
    scopeMapId: text.exactOptional().describe('Only for a scoped token.'),
    status: z.enum(['enabled', 'disabled']).exactOptional().describe('Only for a scoped token.'),
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
      .describe('Names such as `team/app`, prefixes such as `team/*`, or `*` for all repositories.'),
    except: z.array(text).describe('The repositories whose access does not change, if `repositories` is `*`.'),
    byCondition: z
      .boolean()
      .describe(
        'True if a condition matches repositories that the server cannot list. These repositories belong to `except` if `repositories` is `*`, and to `repositories` in all other cases.',
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
    roleAssignmentMode: roleAssignmentMode.describe('The role assignment mode after the change.'),
    count: z
      .int()
      .exactOptional()
      .describe('The number of principals that gain or lose a permission. Present only on the first page.'),
    isCountComplete: z
      .boolean()
      .exactOptional()
      .describe('False if the registry has more role assignments than the server counts; only on the first page.'),
    value: z.array(modeChange),
    nextLink: z.url().exactOptional(),
  })
  .register(apiSchemas, { id: 'ModeChangeList' })
export type ModeChangeList = DocumentOf<typeof modeChangesResponse>
