import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, armToken, createRegistry, expectStatus, resourceGroupId } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { at } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { oddRequest, type Ground, type OddRoute } from './odd-request.ts'
import { repeatWith, seeded } from './seeded.ts'
import { openWire } from './wire.ts'

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

const values: Readonly<Record<string, string>> = {
  tenant: tenantId,
  subscriptionId,
  resourceGroup: 'Spare',
  registry: 'spareregistry',
  name: 'team/app',
  reference: '1',
  digest: image.digest,
  tag: '1',
}

/** Every route of the document; the keys of the server are left as they are, since all requests need them. */
function routesOf(paths: Record<string, Record<string, unknown>>): OddRoute[] {
  return Object.entries(paths)
    .filter(([template]) => !/\/(?:rotate|withdraw)SigningKeys$/.test(template))
    .map(([template, methods]) => {
      const target = template.replaceAll(/\{(\w+)\}/g, (_match, name: string) => values[name] ?? 'x1x1x1')
      return [Object.keys(methods).join(' ').toUpperCase(), target]
    })
}

test('fault 53: no odd request to any route of the served OpenAPI document fails the server', async () => {
  const routes = routesOf(await readDocument())
  assert.ok(routes.length > 150, `${routes.length} paths`)
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
  const random = seeded()
  const seen = new Map<number, number>()
  for (let round = 0; round < 30; round++) {
    const sent = routes.map((route) => oddRequest(random, ground, [route]))
    const answers = await Promise.all(sent.map((one) => wire.send(one)))
    for (const [index, { status }] of answers.entries()) {
      const what = `${sent[index]?.method} ${sent[index]?.target.slice(0, 200)}; ${repeatWith(random)}`
      assert.ok(status < 500 || status === 501, `${status} for ${what}`)
      seen.set(status, (seen.get(status) ?? 0) + 1)
    }
  }
  assert.ok((seen.get(200) ?? 0) > 100, `some reach their handler: ${[...seen].join(' ')}`)
})
