import type { RightInQuestion } from '../access/index.ts'
import type { Registry } from '../resources/index.ts'
import { type AllowedPrincipals, type PageOfPrincipals, listAllowedPrincipals } from './allowed-principals.ts'
import type { DecisionContext } from './context.ts'
import { explanationDocument, findPrincipal, questionDocument } from './explanation.ts'
import type { AccessExplanation, Decision } from './model.ts'
import { decideAgain, eventsOf, findPastDecision } from './past-decision.ts'

/** Questions about decisions. */
export interface Decisions {
  /**
   * Why a request to the registry was denied, or got a smaller token than requested: as recorded then, and `since` if
   * the decision would be different now. Undefined if the registry denied nothing under this correlation id.
   */
  find(registry: Registry, correlationId: string): Promise<Decision | undefined>
  /**
   * Why a request to any registry, to ARM or to Graph was denied. `registryAt` finds the registry of a scope: its
   * decision is
   * made again.
   */
  findAnywhere(
    correlationId: string,
    registryAt: (scope: string) => Promise<Registry | undefined>,
  ): Promise<Decision | undefined>
  /**
   * Whether a principal may do something at the registry, by which assignments, and the smallest change that would allow
   * it. `principal` is `anonymous`, `admin`, `token:NAME` or an object id; undefined if there is no such principal.
   */
  explain(registry: Registry, principal: string, asked: RightInQuestion): Promise<AccessExplanation | undefined>
  /** Who may do something at the registry. */
  listAllowed(registry: Registry, asked: RightInQuestion, page: PageOfPrincipals): Promise<AllowedPrincipals>
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
      if (found === undefined) return undefined
      const registry = await registryAt(found.asked?.scope ?? '')
      const isSame = registry !== undefined && registry.createdAtMs <= Date.parse(found.eventTimestamp)
      return { ...found, since: isSame ? await decideAgain(context, registry, found) : null }
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
  }
}
