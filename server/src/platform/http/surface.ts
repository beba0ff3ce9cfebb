import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { z } from 'zod'
import type { CallerBudget } from '../limits/caller-budget.ts'
import { OverBudgetError } from '../limits/caller-limits.ts'
import type { Stopwatch } from '../limits/turns.ts'
import {
  AuthorityMovedError,
  type AuthorityRevisions,
  AuthorizedWork,
  runAuthorized,
} from '../process/authorized-work.ts'
import { type Origin, requestOrigin } from './app.ts'
import type { RequestBody, StepUp } from './change-columns.ts'
import { sendOverBudget } from './over-budget.ts'
import { StepUpRequiredError, requireStepUp, stepUpBody } from './step-up.ts'
import { type RouteCost, denialCostMs, routeCosts } from './route-cost.ts'

/** A request to a handler. */
export type Call<Caller> = {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly params: Readonly<Record<string, string>>
  readonly origin: Origin
  readonly caller: Caller
  /** The budget of the caller. */
  readonly budget: CallerBudget
}

/** A row of a surface's route table. The router and the authorization both use this table. */
export type Route<Need, Caller> = {
  /** The id is unique within the server, such as `management.registries.get`. */
  readonly id: string
  readonly method: HTTPMethods
  readonly path: string
  /** The required permission. There is no default, so a route without a need does not compile. */
  readonly need: Need
  /** The cost has no default, so a route without a cost does not compile. */
  readonly cost: RouteCost
  readonly stepUp?: StepUp | undefined
  /** Whether the route may start work that continues after its response. Without this property, such work fails. */
  readonly defers?: true | undefined
  /** Whether the route answers several requests of its caller, which use separate budgets. */
  readonly isBatch?: true | undefined
  /** Returns the body of the response, or sends it with `call.reply`. */
  readonly handle: (call: Call<Caller>) => unknown
}

/** The part of a row that the OpenAPI document and the test of all routes use. */
export type RouteDescription = {
  readonly id: string
  readonly method: string | readonly string[]
  readonly path: string
  readonly need: unknown
  readonly cost: RouteCost
  /** The portal's routes decide whether the route needs a step-up. */
  readonly stepUp?: StepUp | undefined
  /** The type of the body that the route reads. By default, the route reads no body. */
  readonly body?: RequestBody | undefined
  /** Whether the route starts work that continues after its response. */
  readonly defers?: true | undefined
  /** Whether the route denies every request. */
  readonly denies?: true | undefined
  /** Whether the route passes its requests to another surface, whose route authorizes the requests. */
  readonly passesOn?: true
  /** The schema of a 2xx body; `'none'` if the response has no body. */
  readonly response?: ResponseSchema | undefined
}

export type ResponseSchema = z.ZodType | 'none'

/** The key of a budget, and the party of the budget. Budgets of the same party do not compete. */
export type BudgetKey = { readonly key: string; readonly party: string }

/** Returns the descriptions of routes without their handlers. */
export function describeRoutes(rows: readonly RouteDescription[]): readonly RouteDescription[] {
  return rows.map(({ id, method, path, need, cost, stepUp, body, defers, denies, response }) => ({
    id,
    method,
    path,
    need,
    cost,
    ...(stepUp !== undefined && { stepUp }),
    ...(body !== undefined && { body }),
    ...(defers !== undefined && { defers }),
    ...(denies !== undefined && { denies }),
    ...(response !== undefined && { response }),
  }))
}

export type Surface<Need, Caller> = {
  /** The name for the metrics. */
  readonly name: string
  readonly routes: readonly Route<Need, Caller>[]
  /** Paths with a trailing `*`. The surface answers "not found" for all other paths below them. */
  readonly territory: readonly string[]
  /**
   * The source of the authority revision of the surface's decisions, or `'none'` if the surface needs no authorization.
   */
  readonly authority: AuthorityRevisions | 'none'
  /**
   * Authorizes the caller, or throws. The surface calls this function before it reads the body, and again if the
   * authority revision has changed since. At the second call, the request `isUnderWay`, and a token that has expired in
   * the meantime is accepted.
   */
  readonly authorize: (need: Need, request: FastifyRequest, isUnderWay: boolean) => Promise<Caller>
  /** The key of the caller's budget. Absent or undefined if the budget of the address is used. */
  readonly budgetKey?: (caller: Caller, isBatch: boolean) => BudgetKey | undefined
  /** Renders an error in the surface's format. */
  readonly renderError: (error: unknown, request: FastifyRequest, reply: FastifyReply) => unknown
  readonly notFound: () => Error
}

const allMethods: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Mounts a surface as an encapsulated plug-in. `prepare` may add content-type parsers for the surface. */
export function mountSurface<Need, Caller>(
  app: FastifyInstance,
  surface: Surface<Need, Caller>,
  prepare?: (scope: FastifyInstance) => void,
): void {
  void app.register((scope, _options, done) => {
    prepare?.(scope)
    scope.setErrorHandler((error, request, reply) => {
      if (error instanceof OverBudgetError) return sendOverBudget(error, reply)
      if (error instanceof StepUpRequiredError) return reply.code(error.status).send(stepUpBody)
      return surface.renderError(error, request, reply)
    })
    for (const route of surface.routes) mountRoute(scope, surface, route)
    for (const path of surface.territory) {
      scope.route({
        method: allMethods,
        url: path,
        config: { surface: surface.name },
        onRequest: async (request) => {
          await payForDenial(request)
          throw surface.notFound()
        },
        handler: () => undefined,
      })
    }
    done()
  })
}

function mountRoute<Need, Caller>(
  scope: FastifyInstance,
  surface: Surface<Need, Caller>,
  route: Route<Need, Caller>,
): void {
  const admissions = new WeakMap<FastifyRequest, Admission<Caller>>()
  scope.route({
    method: route.method,
    url: route.path,
    config: { surface: surface.name },
    onRequest: async (request) => {
      const stopwatch = budgetOf(request, undefined).stopwatch()
      const revision = surface.authority === 'none' ? 0 : await surface.authority.authorityRevision()
      try {
        const caller = await surface.authorize(route.need, request, false)
        await requireStepUp(request.raw, route)
        admissions.set(request, { revision, caller, usedMs: stopwatch() })
      } catch (error) {
        await payForDenial(request, stopwatch())
        throw error
      }
    },
    handler: async (request, reply) => {
      const admission = admissions.get(request)
      if (admission === undefined) throw new Error(`${route.id} was reached without authorization`)
      const budget = budgetOf(request, surface.budgetKey?.(admission.caller, route.isBatch === true))
      budget.charge(frameworkCostMs + admission.usedMs)
      admission.budget = budget
      return budget.spend(
        () => handleAuthorized(surface, route, { request, reply, budget, admission }),
        routeCosts[route.cost],
      )
    },
    // After the handler, the response is serialized, which may take milliseconds.
    preSerialization: (request, _reply, payload, done) => {
      const admission = admissions.get(request)
      if (admission !== undefined) admission.serialization = admission.budget?.stopwatch()
      done(null, payload)
    },
    onSend: (request, _reply, payload, done) => {
      const { budget, serialization } = admissions.get(request) ?? {}
      if (serialization !== undefined) budget?.charge(serialization())
      done(null, payload)
    },
  })
}

/**
 * An admitted caller, the authority revision that was read before the decision, and the main-thread time that the
 * decision took.
 */
type Admission<Caller> = {
  readonly revision: number
  readonly caller: Caller
  readonly usedMs: number
  /** The budget that pays for the response. Set before the handler runs. */
  budget?: CallerBudget
  /** Measures the duration of the serialization of the response. */
  serialization?: Stopwatch | undefined
}

type Admitted<Caller> = Pick<Call<Caller>, 'request' | 'reply' | 'budget'> & { readonly admission: Admission<Caller> }

/**
 * The maximum number of runs of a handler, which is repeated if the authority revision changes before its first change.
 * After these runs, the client has to repeat the request. A change without a repeated decision could be a change that a
 * revocation forbids.
 */
const maxRuns = 10

/**
 * Runs the handler as work of its caller. The caller is authorized again if the authority revision changed while the
 * body was read or the request waited. The caller is also authorized again before the response of a request that made
 * no change. If the first change of a handler is rejected because the revision changed, the handler runs again, so that
 * the handler's own decisions are repeated.
 */
async function handleAuthorized<Need, Caller>(
  surface: Surface<Need, Caller>,
  route: Route<Need, Caller>,
  { request, reply, budget, admission }: Admitted<Caller>,
): Promise<unknown> {
  let { caller } = admission
  const params = request.params as Record<string, string>
  const handle = async () => route.handle({ request, reply, params, origin: requestOrigin(request), caller, budget })
  const { authority } = surface
  if (authority === 'none') return handle()
  const decide = async () => {
    caller = await surface.authorize(route.need, request, true)
  }
  const work = new AuthorizedWork({
    authority,
    revision: admission.revision,
    decide,
    isRepeatable: true,
    mayDefer: route.defers === true,
  })
  return runAuthorized(work, async () => {
    for (let run = 1; ; run += 1) {
      await work.requireStanding()
      try {
        const answer = await handle()
        // A handler that only reads may have waited, for example until an event was written. The caller may have lost
        // the permission during this time.
        if (work.mayRepeat && answer !== reply) await work.requireStanding()
        return answer
      } catch (error) {
        if (!(error instanceof AuthorityMovedError) || !work.mayRepeat || run >= maxRuns) throw error
      }
    }
  })
}

/** The approximate main-thread time of a request outside its authorization and its handler, in milliseconds. */
const frameworkCostMs = 0.2

function budgetOf(request: FastifyRequest, named: BudgetKey | undefined): CallerBudget {
  const { callerBudgets, remoteAddress } = request.server
  return named === undefined
    ? callerBudgets.ofAddress(remoteAddress(request.raw))
    : callerBudgets.of(named.key, named.party)
}

/** The server knows only the address of a denied caller. */
function payForDenial(request: FastifyRequest, usedMs = 0): Promise<void> {
  return budgetOf(request, undefined).settle(Math.max(usedMs, denialCostMs))
}
