import type { RightInQuestion } from '../rights/model.ts'
import { type InTurn, timeOfId } from '../../audit/index.ts'
import type { Registry } from '../../resources/index.ts'
import { type AllowedPrincipals, type PageOfPrincipals, listAllowedPrincipals } from './allowed-principals.ts'
import type { DecisionContext } from './context.ts'
import { explanationDocument, findPrincipal, questionDocument } from './explanation.ts'
import { type ModeChangePage, listModeChanges } from './mode-change-pages.ts'
import type { AccessExplanation, Decision, DecisionDocument } from './model.ts'
import { ownDecision } from './own-decision.ts'
import { decideAgain, eventsOf, findPastDecision } from './past-decision.ts'

/** Finds the registry of a scope. */
type RegistryAt = (scope: string) => Promise<Registry | undefined>

/** A request of a user, by the object id of the user. */
type OwnRequest = { readonly objectId: string; readonly correlationId: string }

/** Questions about decisions. */
export interface Decisions {
  /**
   * Why a request to the registry was denied, or got a smaller token than requested. The result contains the recorded
   * decision, and `since` if the current decision differs. Undefined if the registry denied no request with this
   * correlation id.
   */
  find(registry: Registry, correlationId: string): Promise<Decision | undefined>
  /**
   * Why a request to any registry, to ARM or to Graph was denied. `registryAt` finds the registry of a scope, so that
   * the decision can be repeated.
   */
  findAnywhere(correlationId: string, registryAt: RegistryAt): Promise<Decision | undefined>
  /**
   * Why a request of a user was denied. The user may have no role, so the result contains no settings of other users.
   * `inTurn` runs the parts of the search.
   */
  findOwn(request: OwnRequest, registryAt: RegistryAt, inTurn: InTurn): Promise<Decision | undefined>
  /**
   * Whether a principal has a permission at the registry, the assignments that grant the permission, and the smallest
   * change that would grant the permission. `principal` is `anonymous`, `admin`, `token:NAME` or an object id;
   * undefined if the principal does not exist.
   */
  explain(registry: Registry, principal: string, asked: RightInQuestion): Promise<AccessExplanation | undefined>
  /** Who may do something at the registry. */
  listAllowed(registry: Registry, asked: RightInQuestion, page: PageOfPrincipals): Promise<AllowedPrincipals>
  /** The principals that gain or lose permissions if the registry switches to a mode. */
  listModeChanges(
    registry: Registry,
    mode: Registry['roleAssignmentMode'],
    page: PageOfPrincipals,
  ): Promise<ModeChangePage>
}

/** Creates the answers to questions about decisions. */
export function createDecisions(context: DecisionContext): Decisions {
  return {
    find: async (registry, correlationId) => {
      const found = await findPastDecision(context, eventsOf(registry), correlationId.toLowerCase())
      return found && { ...found, since: await decideAgain(context, registry, found) }
    },
    findAnywhere: async (correlationId, registryAt) => {
      const found = await findPastDecision(context, {}, correlationId.toLowerCase())
      return found && withSince(context, found, registryAt)
    },
    findOwn: async ({ objectId, correlationId }, registryAt, inTurn) => {
      const id = correlationId.toLowerCase()
      const madeAtMs = timeOfId(id)
      if (madeAtMs === undefined) return undefined
      const own = { actorKind: 'user', actorId: objectId, outcome: 'refused', toMs: madeAtMs + maxDelayMs } as const
      const found = await findPastDecision(context, own, id, inTurn)
      return found && ownDecision(await withSince(context, found, registryAt))
    },
    explain: async (registry, text, asked) => {
      const principal = await findPrincipal(context, registry, text)
      if (principal === undefined) return undefined
      const explanation = await context.access.explain(principal, registry, asked)
      return {
        principal: text,
        ...questionDocument(registry, asked),
        ...explanationDocument(explanation, registry),
      }
    },
    listAllowed: (registry, asked, page) => listAllowedPrincipals(context, registry, asked, page),
    listModeChanges: (registry, mode, page) => listModeChanges(context, registry, mode, page),
  }
}

/**
 * The maximum time between the start and the denial of a request. This time limits the part of the log that users
 * search.
 */
const maxDelayMs = 60 * 60 * 1000

async function withSince(context: DecisionContext, found: DecisionDocument, registryAt: RegistryAt): Promise<Decision> {
  const registry = await registryAt(found.asked?.scope ?? '')
  const isSame = registry !== undefined && registry.createdAtMs <= Date.parse(found.eventTimestamp)
  return { ...found, since: isSame ? await decideAgain(context, registry, found) : null }
}
