import { isWithinScope } from '@acrux/shared/standards/azure/resource-id.ts'
import type { Decision, DecisionChange } from './model.ts'

/**
 * The information that users get about a denial of their own request without a role: the sent request, the required
 * right, and the permission to ask for. The information excludes settings of other users: assignments, whose conditions
 * can name hidden repositories, and the scope map. The information also excludes ids that are not in the request, so a
 * registry has only its name.
 */
export function ownDecision(decision: Decision): Decision {
  const { target, asked, since } = decision
  return {
    correlationId: decision.correlationId,
    eventTimestamp: decision.eventTimestamp,
    event: decision.event,
    outcome: decision.outcome,
    reason: decision.reason,
    target,
    remoteAddress: decision.remoteAddress,
    principal: decision.principal,
    credential: decision.credential,
    asked: asked && { ...asked, scope: ownScope(asked.scope, target) },
    token: decision.token,
    roleAssignmentMode: decision.roleAssignmentMode,
    needs: decision.needs,
    assignments: [],
    assignmentCount: 0,
    scopeMap: null,
    tokenAccess: decision.tokenAccess,
    presented: decision.presented,
    firstFailure: decision.firstFailure,
    smallestChange: ownChange(decision.smallestChange, target),
    since: since && {
      allowed: since.allowed,
      firstFailure: since.firstFailure,
      smallestChange: ownChange(since.smallestChange, target),
      roleAssignmentMode: since.roleAssignmentMode,
      assignments: [],
    },
  }
}

/**
 * A scope, if the request named the scope or a resource below the scope; otherwise the name of the registry, which
 * commands need.
 */
function ownScope(scope: string | null, target: string): string | null {
  if (scope === null || isWithinScope(target, scope)) return scope
  return /\/registries\/[^/]+$/i.exec(scope)?.[0] ?? null
}

function ownChange(change: DecisionChange | null, target: string): DecisionChange | null {
  if (change === null) return null
  const { kind, roleName, scope, condition, action, access, address } = change
  return {
    kind,
    ...(roleName !== undefined && { roleName }),
    ...(scope !== undefined && isWithinScope(target, scope) && { scope }),
    ...(condition !== undefined && { condition }),
    ...(action !== undefined && { action }),
    ...(access !== undefined && { access }),
    ...(address !== undefined && { address }),
  }
}
