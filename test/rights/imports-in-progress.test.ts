import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { acruxClient, principalLogin } from '../clients/acrux/acrux.ts'
import { startRelay } from '../durability/relay.ts'
import {
  type Caller,
  type NewServicePrincipal,
  arm,
  armToken,
  as,
  assignRole,
  createRegistry,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  graph,
  registryId,
  removeRole,
  roles,
} from '../harness/arm.ts'
import { bytesBelow } from '../harness/bytes-below.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, get, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { addSecret, removeSecret } from './tokens.ts'

// The source of the slow imports is a server of its own, whose clients reach it through the relay alone.
const relay = await startRelay()
const host = `127.0.0.1:${relay.port}`
const source = await startServer({ registry: 'upstream', args: ['--public-host', host] })
relay.forwardTo(source.port)
const outbound = ['--outbound-allowed-networks', '127.0.0.1', '--outbound-ca-file', source.caFile]
const server = await startServer({ args: [...outbound, '--limits-max-concurrent-imports', '1'] })
after(async () => {
  await source[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const { servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const admin = await enableAdmin(source)
const layer = randomFillSync(Buffer.alloc(8 * 1024 * 1024))
await pushImage(source, 'up/app', { tag: 'v1', layers: [layer] }, basic(admin.username, admin.password))
const remote = { registryUri: host, sourceImage: 'up/app:v1', credentials: admin }
const prod = await pushImage(server, 'team/app', 'prod', owner)
const inner = await createRegistry(server, 'innersource')
const atInner = onRegistry(server, { loginServer: inner.loginServer })
await assignRole(server, await ownerObjectId(), roles.acrPush, inner.id)
const innerImage = await pushImage(atInner, 'team/lib', 'v1', owner)

async function ownerObjectId(): Promise<string> {
  const filter = `/servicePrincipals?$filter=appId eq '${servicePrincipal.appId}'`
  return stringAt(expectStatus(await graph(server, 'GET', filter), 200).json(), 'value', 0, 'id')
}

type Begun = { readonly operation: string; readonly correlationId: string }

async function begin(caller: Caller, from: object, targetTag = 'team/app:prod'): Promise<Begun> {
  const body = { source: from, targetTags: [targetTag], mode: 'Force' }
  const accepted = await arm(as(server, caller), 'POST', `${registryId(server)}/importImage`, body)
  const { pathname, search } = new URL(expectStatus(accepted, 202).headers.location ?? '')
  return { operation: pathname + search, correlationId: String(accepted.headers['x-ms-correlation-request-id']) }
}

/** Begins an import of the slow image and returns when its layer has arrived in part. */
async function beginHalf(caller: Caller): Promise<Begun> {
  relay.holdAfter(2 * 1024 * 1024)
  const begun = await begin(caller, remote)
  await until('half a layer is staged', () => stagedBytes() > 1024 * 1024)
  return begun
}

const stagedBytes = (): number => bytesBelow(join(server.dataDir, 'blobs', 'staging'))

/** The event of the end of an import, when there is one. */
async function endOf({ correlationId }: Begun): Promise<unknown> {
  const filter = encodeURIComponent(`action eq 'image.import' and correlationId eq '${correlationId}'`)
  const path = `${registryId(server)}/auditEvents?$filter=${filter}`
  const ends = async () => listAt(expectStatus(await arm(server, 'GET', path), 200).json(), 'value')
  await until('the import ends', async () => (await ends()).length > 0)
  const all = await ends()
  assert.equal(all.length, 1)
  return all[0]
}

async function stopsWithoutMoving(begun: Begun, objectId: string): Promise<void> {
  assert.partialDeepStrictEqual(await endOf(begun), {
    outcome: 'refused',
    reason: 'revoked',
    actor: { kind: 'service-principal', id: objectId },
  })
  await until('the staged bytes are deleted', () => stagedBytes() === 0)
  const now = await get(server, '/v2/team/app/manifests/prod', owner)
  assert.equal(now.headers['docker-content-digest'], prod.digest)
}

type Importer = NewServicePrincipal & { readonly assignment: string }

async function createImporter(name: string): Promise<Importer> {
  const principal = await createServicePrincipal(server, name)
  const assignment = await assignRole(server, principal.objectId, roles.contributor, registryId(server))
  return { ...principal, assignment }
}

const setEnabled = (objectId: string, accountEnabled: boolean) =>
  graph(server, 'PATCH', `/servicePrincipals/${objectId}`, { accountEnabled })

const endings: Readonly<Record<string, (importer: Importer) => Promise<unknown>>> = {
  'whose caller loses the role': ({ assignment }) => removeRole(server, assignment),
  'whose caller is disabled': async ({ objectId }) => expectStatus(await setEnabled(objectId, false), 204),
  'whose caller is deleted': async ({ objectId }) =>
    expectStatus(await graph(server, 'DELETE', `/servicePrincipals/${objectId}`), 204),
}

for (const [name, end] of Object.entries(endings)) {
  test(`an import ${name} stops while its source still sends, and moves no tag`, async () => {
    const importer = await createImporter(name)
    const begun = await beginHalf(importer)
    await end(importer)
    await stopsWithoutMoving(begun, importer.objectId)
  })
}

test('an import whose credential is removed stops while its source still sends, and moves no tag', async () => {
  const importer = await createImporter('of two secrets')
  const secret = await addSecret(server, importer, 60 * 60 * 1000)
  const begun = await beginHalf(await armToken(server, secret))
  await removeSecret(server, importer, secret.keyId)
  await stopsWithoutMoving(begun, importer.objectId)
})

const local = { resourceId: inner.id, sourceImage: 'team/lib:v1' }

/** Begins a local import that waits for the end of a remote one of the owner; `meanwhile` is done before the turn. */
async function beginWaiting(
  importer: Caller,
  targetTag: string,
  meanwhile: () => Promise<unknown>,
  from: object = local,
): Promise<Begun> {
  await beginHalf(servicePrincipal)
  const begun = await begin(importer, from, targetTag)
  await meanwhile()
  const [running] = await listImports(servicePrincipal, ({ source: name }) => String(name).startsWith(host))
  expectStatus(await cancel(servicePrincipal, stringAt(running, 'name')), 200)
  return begun
}

type Properties = Readonly<Record<string, unknown>>

/** The running imports that a caller sees. */
async function listImports(caller: Caller, isWanted: (properties: Properties) => boolean = () => true) {
  const listed = await arm(as(server, caller), 'GET', `${registryId(server)}/providers/Acrux.Server/imports`)
  return listAt(expectStatus(listed, 200).json(), 'value').filter((each) => {
    const { properties } = each as { readonly properties: Properties }
    return properties['endedAt'] === null && isWanted(properties)
  })
}

const cancel = (caller: Caller, name: string) =>
  arm(as(server, caller), 'DELETE', `${registryId(server)}/providers/Acrux.Server/imports/${name}`)

const digestAt = async (path: string) => (await get(server, path, owner)).headers['docker-content-digest']

test('a waiting import copies the image that the tag named at the request', async () => {
  const importer = await createImporter('pinning')
  await assignRole(server, importer.objectId, roles.acrPull, inner.id)
  const begun = await beginWaiting(importer, 'team/pinned:v1', () => pushImage(atInner, 'team/lib', 'v1', owner))
  assert.partialDeepStrictEqual(await endOf(begun), { outcome: 'success', detail: { digest: innerImage.digest } })
  assert.equal(await digestAt('/v2/team/pinned/manifests/v1'), innerImage.digest)
})

const withdrawals: Readonly<Record<string, (pull: string) => Promise<unknown>>> = {
  'whose caller loses the permission to pull from the source': (pull) => removeRole(server, pull),
  'whose source forbids exports': () => patchInner({ publicNetworkAccess: 'Disabled', exportPolicy: 'disabled' }),
}

async function patchInner({ publicNetworkAccess, exportPolicy }: Readonly<Record<string, string>>): Promise<void> {
  const properties = { publicNetworkAccess, policies: { exportPolicy: { status: exportPolicy } } }
  expectStatus(await arm(server, 'PATCH', inner.id, { properties }), 200, 201)
}

for (const [name, withdraw] of Object.entries(withdrawals)) {
  test(`a waiting import ${name} never starts`, async () => {
    const importer = await createImporter(name)
    const pull = await assignRole(server, importer.objectId, roles.acrPull, inner.id)
    const begun = await beginWaiting(importer, 'team/never:v1', () => withdraw(pull))
    assert.partialDeepStrictEqual(await endOf(begun), { outcome: 'refused', reason: 'revoked' })
    assert.equal((await get(server, '/v2/team/never/manifests/v1', owner)).status, 404)
    await patchInner({ publicNetworkAccess: 'Enabled', exportPolicy: 'enabled' })
  })
}

test('a waiting import with a password for the source, which is turned off, never starts', async () => {
  const { username, password } = await enableAdmin(server, inner.name)
  const from = { registryUri: inner.loginServer, sourceImage: 'team/lib:v1', credentials: { username, password } }
  const importer = await createImporter('with a password')
  const turnOff = () => arm(server, 'PATCH', inner.id, { properties: { adminUserEnabled: false } })
  const begun = await beginWaiting(importer, 'team/never:v1', turnOff, from)
  assert.partialDeepStrictEqual(await endOf(begun), { outcome: 'refused', reason: 'revoked' })
})

test('callers list and cancel their own imports, and owners all imports', async () => {
  const importer = await createImporter('own')
  const stranger = await createServicePrincipal(server, 'stranger')
  const begun = await beginHalf(importer)
  await removeRole(server, importer.assignment)
  await stopsWithoutMoving(begun, importer.objectId)

  const other = await createImporter('other')
  const running = await beginHalf(other)
  const [listed] = await listImports(servicePrincipal)
  const name = stringAt(listed, 'name')
  assert.partialDeepStrictEqual(listed, {
    type: 'Acrux.Server/imports',
    properties: {
      state: 'running',
      source: `${host}/up/app:v1`,
      targets: ['team/app:prod'],
      requestedBy: other.objectId,
      reason: null,
    },
  })
  assert.deepEqual(await listImports(other), [listed])
  assert.deepEqual(await listImports(importer), [])
  assert.deepEqual(await listImports(stranger), [])
  assert.equal((await cancel(stranger, name)).status, 403)
  assert.equal((await cancel(importer, name)).status, 403)
  assert.equal((await cancel(other, name)).status, 200)
  assert.equal((await cancel(other, name)).status, 204)
  assert.partialDeepStrictEqual(await endOf(running), { outcome: 'refused', reason: 'cancelled' })
  const status = await arm(as(server, other), 'GET', running.operation)
  assert.equal(status.status, 409)
  assert.match(status.text(), /The import was cancelled/)
  assert.equal(await digestAt('/v2/team/app/manifests/prod'), prod.digest)
})

test('the commands of acrux list and cancel imports', async () => {
  using acrux = acruxClient(server.caFile)
  await acrux.text(principalLogin(server), { input: servicePrincipal.password })
  const registry = ['-n', server.firstRun.registry]
  const list = ['acr', 'imports', 'list', ...registry]
  assert.deepEqual(await acrux.json(list), [])
  const begun = await beginHalf(servicePrincipal)
  const [listed] = listAt(await acrux.json(list))
  assert.partialDeepStrictEqual(listed, { state: 'running', source: `${host}/up/app:v1`, targets: ['team/app:prod'] })
  assert.match(await acrux.text([...list, '-o', 'table']), /running .*team\/app:prod/i)

  const cancelling = ['acr', 'imports', 'cancel', ...registry]
  await acrux.fails(2, /either --id or --all/, cancelling)
  await acrux.fails(1, /cancel 1 imports .*\n.*--yes/, [...cancelling, '--all'])
  const id = stringAt(listed, 'id')
  assert.match(await acrux.text([...cancelling, '--id', id, '--yes']), /^cancelled 1 imports$/m)
  await acrux.fails(3, /has no running import .*\n.*acrux acr imports list/, [...cancelling, '--id', id, '--yes'])
  assert.partialDeepStrictEqual(await endOf(begun), { outcome: 'refused', reason: 'cancelled' })
  assert.deepEqual(await acrux.json(list), [])
  assert.equal(at(listAt(await acrux.json([...list, '--all']))[0], 'reason'), 'cancelled')
})
