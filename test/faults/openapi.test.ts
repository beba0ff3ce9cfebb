import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  arm,
  armToken,
  createRegistry,
  createServicePrincipal,
  expectStatus,
  graph,
  resourceGroupId,
} from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { oddRequest, type Ground, type OddRoute } from './odd-request.ts'
import { createIdentity, putMachine } from '../machines/machine.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { memoryOf } from '../durability/memory-of.ts'
import { repeatWith, seeded, type Seeded } from './seeded.ts'
import { openWire, type WireRequest } from './wire.ts'

const server = await startServer({ args: ['--log-level', 'error'] })
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server, 8)
after(() => wire.close())

const { servicePrincipal, subscriptionId, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const identity = await armToken(server)
const forGraph = await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)
const image = await pushImage(server, 'team/app', '1', owner)
// What is deleted on the way must not be what the caller's own rights are given on.
await createRegistry(server, 'spareregistry')
expectStatus(await arm(server, 'PUT', resourceGroupId(server).replace(/[^/]+$/, 'Spare'), { location: 'local' }), 201)

async function readDocument(): Promise<Record<string, Record<string, unknown>>> {
  const url = `${server.baseUrl}/openapi.json`
  const headers = { authorization: `Bearer ${identity}` }
  const document: unknown = expectStatus(await request({ url, headers, caFile: server.caFile }), 200).json()
  return at(document, 'paths') as Record<string, Record<string, unknown>>
}

/** How many requests are sent, a dozen to each route; the whole of what fault 53 asks for is 100,000. */
const wanted = Number(process.env['ACRUX_TEST_ODD_REQUESTS'] ?? 8_000)

async function made(path: string, body: object): Promise<string> {
  return stringAt(expectStatus(await graph(server, 'POST', path, body), 201).json(), 'id')
}
const program = await createServicePrincipal(server, 'odd')
const newGroup = { mailEnabled: false, securityEnabled: true, displayName: 'odd', mailNickname: 'odd' }
const newUser = {
  accountEnabled: true,
  displayName: 'Odd',
  userPrincipalName: 'odd@contoso.example',
  passwordProfile: { password: 'tidal lantern 7 quilt' },
}
/** What there is of each kind, by what comes before its id in a path. */
const present: Readonly<Record<string, string>> = {
  applications: program.applicationObjectId,
  servicePrincipals: program.objectId,
  directoryObjects: program.objectId,
  groups: await made('/groups', newGroup),
  users: await made('/users', newUser),
  machines: 'odd-machine',
  userAssignedIdentities: 'odd-identity',
  scopeMaps: 'odd-map',
  tokens: 'odd-token',
}
await putMachine(server, 'odd-machine', [await createIdentity(server, 'odd-identity')])
await putScopeMap(server, 'odd-map', ['repositories/team/app/content/read'])
await createScopedToken(server, 'odd-token', 'odd-map')

const values: Readonly<Record<string, string>> = {
  tenant: tenantId,
  subscriptionId,
  name: 'team/app',
  reference: '1',
  digest: image.digest,
  tag: '1',
}
const spare = { resourceGroup: 'Spare', registry: 'spareregistry' }
const first = { resourceGroup: server.firstRun.resourceGroup, registry: server.firstRun.registry }

/** A path with its places filled in: by what is there, or by what is not. */
function targetOf(template: string, isPresent: boolean): string {
  const named: Readonly<Record<string, string>> = { ...values, ...(isPresent ? first : spare) }
  return template.replaceAll(/(?:([A-Za-z]+)\/)?\{(\w+)\}/g, (_match, before: string | undefined, name: string) => {
    const one = (isPresent && before !== undefined ? present[before] : undefined) ?? named[name] ?? 'x1x1x1'
    return before === undefined ? one : `${before}/${one}`
  })
}

/** What would end the credentials of all other requests is asked apart. */
const ofKeys = /\/(?:rotate|withdraw)SigningKeys$/

/** Every route of the document, with what is there, which is not deleted, and with what is not. */
function routesOf(paths: Record<string, Record<string, unknown>>): OddRoute[] {
  return Object.entries(paths).flatMap(([template, operations]): OddRoute[] => {
    const methods = Object.keys(operations).map((method) => method.toUpperCase())
    const keeping = methods.filter((method) => method !== 'DELETE')
    const routes: OddRoute[] = [[methods.join(' '), targetOf(template, false)]]
    if (keeping.length > 0 && !/[Dd]elete|revoke/.test(template))
      routes.push([keeping.join(' '), targetOf(template, true)])
    return routes
  })
}

/** A DELETE of what all other requests need is left out. */
function deletesGround({ method, target }: WireRequest): boolean {
  return method === 'DELETE' && !target.includes('x1x1x1') && !/spare/i.test(target)
}

const ground: Ground = {
  server,
  keyTo: (target) => {
    if (target.startsWith('/graph')) return `Bearer ${forGraph}`
    return /^\/(?:v2|acr|oauth2)\b/.test(target) ? owner : `Bearer ${identity}`
  },
  otherKeys: [undefined, '', 'Bearer x', `Bearer ${identity}`, owner],
  likely: ['team/app', image.digest, tenantId, 'enabled', 'Premium', 'docker.invalid'],
  manifest: { bytes: image.manifest, mediaType: image.mediaType },
}

async function sendAll(sent: readonly WireRequest[], random: Seeded, seen: Map<number, number>): Promise<void> {
  const answers = await Promise.all(sent.map((one) => wire.send(one)))
  for (const [index, { status }] of answers.entries()) {
    const what = `${sent[index]?.method} ${sent[index]?.target.slice(0, 200)}; ${repeatWith(random)}`
    assert.ok(status < 500, `${status} for ${what}`)
    seen.set(status, (seen.get(status) ?? 0) + 1)
  }
}

test('fault 53: no odd request to any route of the served OpenAPI document fails the server', async (t) => {
  const paths = await readDocument()
  const routes = routesOf(Object.fromEntries(Object.entries(paths).filter(([template]) => !ofKeys.test(template))))
  assert.ok(routes.length > 300, `${routes.length} routes`)
  const random = seeded()
  t.diagnostic(repeatWith(random))
  const seen = new Map<number, number>()
  const memoryBefore = await memoryOf(server.pid)
  for (let sent = 0; sent < wanted;) {
    const some = routes.map((route) => oddRequest(random, ground, [route])).filter((one) => !deletesGround(one))
    await sendAll(some, random, seen)
    sent += some.length
  }
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0)
  t.diagnostic(
    `${total} requests: ${[...seen]
      .toSorted(([a], [b]) => a - b)
      .map(([status, count]) => `${count} × ${status}`)
      .join(', ')}`,
  )
  t.diagnostic(`memory: ${JSON.stringify(memoryBefore)}, then ${JSON.stringify(await memoryOf(server.pid))}`)
  assert.ok((seen.get(200) ?? 0) > total / 50, 'some reach their handler')
})

test('fault 53: no odd request to change the signing keys fails the server', async () => {
  const paths = Object.entries(await readDocument()).filter(([template]) => ofKeys.test(template))
  assert.equal(paths.length, 2)
  const random = seeded()
  for (let count = 0; count < 10; count += 1) {
    for (const route of routesOf(Object.fromEntries(paths))) {
      const token = await armToken(server)
      const asked = oddRequest(random, { ...ground, keyTo: () => `Bearer ${token}` }, [route])
      await sendAll([asked], random, new Map())
    }
  }
})
