import assert from 'node:assert/strict'
import { createServicePrincipal } from '../harness/arm.ts'
import { createGroup, createPerson } from '../harness/directory.ts'
import { request } from '../harness/http.ts'
import { basic } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { pushContent } from './portal-content.ts'
import { addressOf, routePaths } from './portal-walk.ts'

/** The views that an address shows by its query. */
const searches: Readonly<Record<string, readonly string[]>> = {
  '/r/$registry/repositories': ['?show=tree'],
  '/r/$registry/repositories/$repository': ['?show=tags', '?tab=history', '?tab=access', '?tab=settings'],
  '/r/$registry/repositories/$repository/manifests/$reference': ['?show=config', '?show=referrers', '?show=raw'],
  '/r/$registry/access': ['?tab=check', '?tab=who', '?tab=roles', '?tab=mode'],
  '/r/$registry/tokens': ['?tab=maps', '?tab=anonymous'],
  '/people/$id': ['?part=methods', '?part=groups', '?part=signIns'],
  '/applications/$id': ['?part=credentials', '?part=federation'],
  '/managed-identities': ['?part=machines'],
  '/server': ['?part=certificates', '?part=maintenance', '?part=configuration'],
  '/search': ['?q=team'],
}

type ValuesByArea = Readonly<Record<string, Readonly<Record<string, string>>>>

/** A view by its path, and its address. */
export type View = { readonly view: string; readonly address: string }

/** The addresses of the portal of a server that has something of every kind that views show. */
export type Places = {
  /** The address of each view, by its path. */
  readonly addresses: (paths: readonly string[]) => ReadonlyMap<string, string>
  /** Every view, also those that an address shows by its query. */
  readonly views: readonly View[]
}

/** Creates something of every kind that views show. */
export async function preparePlaces(server: RunningServer): Promise<Places> {
  const values = await prepare(server)
  const addresses: Places['addresses'] = (paths) =>
    new Map(paths.map((path) => [path, addressOf(path, values[path.split('/')[1] ?? ''] ?? {})]))
  const views = [...addresses(routePaths())].flatMap(([path, base]) =>
    ['', ...(searches[path] ?? [])].map((search) => ({ view: path + search, address: base + search })),
  )
  return { addresses, views }
}

/** Returns the values of the parameters of addresses, by the first part of the path. */
async function prepare(server: RunningServer): Promise<ValuesByArea> {
  const { appId, password } = server.firstRun.servicePrincipal
  const authorization = basic(appId, password)
  await pushContent({ server, authorization })
  // A deleted tag, which can be restored.
  const untagged = await request({
    method: 'DELETE',
    url: `${server.baseUrl}/acr/v1/team/app/_tags/sig2`,
    headers: { authorization },
    caFile: server.caFile,
  })
  assert.equal(untagged.status, 202)
  const ada = await createPerson(server, 'ada')
  const group = await createGroup(server, 'builders', ada.id)
  const application = await createServicePrincipal(server, 'ci')
  const denied = await request({
    method: 'DELETE',
    url: `${server.baseUrl}/acr/v1/team/app/_tags/1`,
    headers: { authorization: basic(application.appId, application.password) },
    caFile: server.caFile,
  })
  const shared = { registry: server.firstRun.registry, repository: 'team/app', reference: '1' }
  const ids = { people: ada.id, groups: group, applications: application.applicationObjectId }
  const denials = String(denied.headers['x-ms-correlation-request-id'])
  return Object.fromEntries(
    Object.entries({ ...ids, denials, r: denials }).map(([area, id]) => [area, { ...shared, id }]),
  )
}
