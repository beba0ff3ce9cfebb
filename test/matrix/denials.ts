import assert from 'node:assert/strict'
import { arm, expectStatus, registryId } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import type { RunningServer } from '../harness/server.ts'
import type { Answer } from './ask.ts'
import type { Caller } from './callers.ts'
import type { Route } from './routes.ts'

/** A 401 or 403 that was seen. */
export type Denial = Answer & { readonly setting: string; readonly route: Route; readonly caller: Caller }

/**
 * Pages, and the API of the portal, do not read the credentials of these callers: they know cookies. A denial of a form that was
 * not made for the browser, or of a request without a session, is not recorded.
 */
const cookiePages = new Set(['account', 'sign-in', 'portal'])

/** Whether a response is a denial: a request without a credential gets only a challenge, which causes no event. */
export function isJudged({ showsCredential, route }: Denial): boolean {
  return showsCredential && !cookiePages.has(route.surface)
}

/** Every event of a denial, by the correlation id of its response. */
export async function rejectedEvents(server: RunningServer): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const log = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/auditEvents`
  const filter = encodeURIComponent("outcome eq 'refused'")
  const events: unknown[] = []
  for (let url: string | undefined = `${log}?api-version=2024-11-01&$top=1000&$filter=${filter}`; url !== undefined;) {
    const page: unknown = expectStatus(await arm(server, 'GET', url), 200).json()
    events.push(...listAt(page, 'value'))
    const next = at(page, 'nextLink')
    url = typeof next === 'string' ? next : undefined
  }
  return Map.groupBy(events, (event) => stringAt(event, 'correlationId'))
}

/** Whether a denial belongs to the first registry, which explains it. Denials of other names are only in the log. */
export function isOfRegistry({ route }: Denial): boolean {
  if (route.surface === 'registry' || route.surface === 'token') return true
  return route.path.includes('/registries/{registry}') && (route.method === 'GET' || route.method === 'HEAD')
}

/** One denial of each kind: one per route and failed check, and one per caller and setting. */
export function sampleOf(denials: readonly Denial[], failureOf: (denial: Denial) => string): readonly Denial[] {
  const kinds = new Map<string, Denial>()
  for (const denial of denials) {
    const { route, caller, setting } = denial
    const ofRoute = `${route.id} ${failureOf(denial)}`
    const ofCaller = `${caller.column} ${setting}`
    if (!kinds.has(ofRoute) || !kinds.has(ofCaller)) {
      kinds.set(ofRoute, denial)
      kinds.set(ofCaller, denial)
    }
  }
  return [...new Set(kinds.values())]
}

/** Asserts that the registry reports a denial as the log does: the principal, the credential, the failed check, and the smallest change. */
export async function expectDecision(server: RunningServer, denial: Denial, event: unknown): Promise<void> {
  const path = `${registryId(server)}/decisions/${denial.correlationId}?api-version=2025-03-01-preview`
  const told = expectStatus(await arm(server, 'GET', path), 200).json()
  assert.deepEqual(at(told, 'principal'), at(event, 'actor'))
  assert.deepEqual(at(told, 'credential'), at(event, 'credential'))
  assert.equal(at(told, 'firstFailure'), at(event, 'detail', 'decision', 'firstFailure'))
  assert.equal(at(told, 'smallestChange', 'kind'), at(event, 'detail', 'decision', 'smallestChange', 'kind'))
}
