import { cutText } from '@acrux/shared/standards/http/cut-text.ts'
import { type AccessScope, covers, formatAccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import { type AskedAction, rightsAskedBy } from '../rights/asked-rights.ts'
import { type DecisionRecord, failedBefore, recordDecision, withinLimit } from './decision-record.ts'
import { type Decided, explainRight } from './explain.ts'

/** A decision by the rights of a principal and by the access of the token in the request; undefined without a token. */
export type DecidedByToken = Decided & { readonly tokenAccess: readonly AccessScope[] | undefined }

/**
 * The requested access that was not granted, and the decision about the first part of this access. Empty if all access
 * was granted.
 */
export type LeftOut = { readonly leftOut?: readonly string[]; readonly decision?: DecisionRecord | undefined }

/** How many characters of a token's access and of the missing access are recorded. */
const maxTokenAccessLength = 500
const maxLeftOutLength = 1000

/** Explains the first of the wanted actions that was denied; undefined if all are allowed. */
export function explainDenied(decided: DecidedByToken, wanted: AccessScope): DecisionRecord | undefined {
  for (const { action, right } of rightsAskedBy(wanted)) {
    const record = right === undefined ? failedBefore('unknown-action', null) : ofAction(decided, wanted, action, right)
    if (record !== undefined) return record
  }
  return undefined
}

/** Explains a token with less access than requested. */
export function explainLeftOut(
  decided: DecidedByToken,
  asked: readonly AccessScope[],
  given: readonly AccessScope[],
): LeftOut {
  const missing = asked.flatMap((scope) => {
    const { type, name } = scope
    const actions = rightsAskedBy(scope).map(({ action }) => action)
    const left = actions.filter((action) => !covers(given, type, name, [action]))
    return left.length === 0 ? [] : [{ type, name, actions: left }]
  })
  const [first] = missing
  if (first === undefined) return {}
  const leftOut = withinLimit(missing.map(formatAccessScope), maxLeftOutLength)
  return { leftOut, decision: explainDenied(decided, first) }
}

/** Explains the denial to a principal without any role on a registry. */
export function explainNoRole(decided: Decided): DecisionRecord {
  return { ...recordDecision(explainRight(decided, { right: 'pull', repository: undefined })), asked: null }
}

function ofAction(
  { tokenAccess, ...decided }: DecidedByToken,
  { type, name }: AccessScope,
  action: string,
  right: NonNullable<AskedAction['right']>,
): DecisionRecord | undefined {
  const explanation = explainRight(decided, right)
  const isInToken = tokenAccess === undefined || covers(tokenAccess, type, name, [action])
  if (explanation.allowed && isInToken) return undefined
  const shown = tokenAccess?.map(formatAccessScope).join(' ')
  const record = {
    ...recordDecision(explanation),
    tokenAccess: shown === undefined ? null : cutText(shown, maxTokenAccessLength, '…'),
  }
  if (!explanation.allowed) return record
  const change = { kind: 'get-new-token', access: formatAccessScope({ type, name, actions: [action] }) } as const
  return { ...record, firstFailure: 'token-lacks-access', smallestChange: change }
}
