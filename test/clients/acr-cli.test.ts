import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assignRole, createRegistry, createServicePrincipal, registryId, roles } from '../harness/arm.ts'
import { clientHome, mustRun, requireTool, run, type ClientHome, type Ran } from '../harness/clients.ts'
import { request } from '../harness/http.ts'
import { basic, digestOf, get, onRegistry, pushImage, putManifest } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertFails, denial } from './lib/steps.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const { servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)

/** acr adds the suffix of Azure to a login server without a dot. */
const { loginServer: host } = await createRegistry(server, 'contoso')
const registry = onRegistry(server, { loginServer: host })

/** A home in which acr is logged in. */
async function acrHome({ appId, password } = servicePrincipal): Promise<ClientHome> {
  const home = clientHome(server.caFile)
  await mustRun('acr', ['login', host, '-u', appId, '--password-stdin'], { env: home.env, input: password })
  return home
}

const tryAcr = (home: ClientHome, ...args: string[]): Promise<Ran> =>
  run('acr', [...args, '-r', host], { env: home.env })

async function acr(home: ClientHome, ...args: string[]): Promise<string> {
  return (await mustRun('acr', [...args, '-r', host], { env: home.env })).stdout
}

async function lock(path: string, locks: object): Promise<void> {
  const answer = await request({
    method: 'PATCH',
    url: `https://${host}/acr/v1/${path}`,
    headers: { authorization: owner, 'content-type': 'application/json' },
    body: JSON.stringify(locks),
    caFile: server.caFile,
  })
  assert.equal(answer.status, 200)
}

const statusOf = async (repository: string, reference: string) =>
  (await get(server, `/v2/${repository}/manifests/${reference}`, owner, { loginServer: host })).status

test('acr lists and deletes tags and manifests, also where none are left', async (t) => {
  if (!requireTool(t, 'acr')) return
  using home = await acrHome()
  const name = 'acr/app'
  const of = ['--repository', name]
  const image = await pushImage(registry, name, 'v1', owner)
  for (const reference of ['v2', 'v3']) {
    await putManifest(registry, name, { reference, mediaType: image.mediaType, bytes: image.manifest }, owner)
  }
  const tags = await acr(home, 'tag', 'list', ...of)
  for (const tag of ['v1', 'v2', 'v3']) assert.match(tags, new RegExp(`${tag}$`, 'm'))
  assert.match(await acr(home, 'manifest', 'list', ...of), new RegExp(image.digest))
  await acr(home, 'tag', 'delete', ...of, 'v1', 'v2', 'v3')
  assert.doesNotMatch(await acr(home, 'tag', 'list', ...of), /v\d$/m)
  assert.equal(await statusOf(name, image.digest), 200)
  await acr(home, 'manifest', 'delete', ...of, image.digest)
  assert.equal(await statusOf(name, image.digest), 404)
  assert.doesNotMatch(await acr(home, 'manifest', 'list', ...of), /sha256:[0-9a-f]{64}/)
})

test('acr lists more tags than a page has', async (t) => {
  if (!requireTool(t, 'acr')) return
  using home = await acrHome()
  const { manifest, mediaType } = await pushImage(registry, 'acr/many', 't0', owner)
  const more = Array.from({ length: 204 }, (_, index) => `t${index + 1}`)
  for (let start = 0; start < more.length; start += 100) {
    const query = more.slice(start, start + 100).map((tag) => `tag=${tag}`)
    const reference = `${digestOf(manifest)}?${query.join('&')}`
    await putManifest(registry, 'acr/many', { reference, mediaType, bytes: manifest }, owner)
  }
  const listed = await acr(home, 'tag', 'list', '--repository', 'acr/many')
  assert.equal(listed.match(/t\d+$/gm)?.length, 205)
})

test('acr purges by tag and age, keeps locked images, and unlocks and purges them with --include-locked', async (t) => {
  if (!requireTool(t, 'acr')) return
  using home = await acrHome()
  const name = 'acr/purged'
  const old = await pushImage(registry, name, 'dev-1', owner)
  const kept = await pushImage(registry, name, 'release', owner)
  const locked = await pushImage(registry, name, 'dev-locked', owner)
  await lock(`${name}/_tags/dev-locked`, { deleteEnabled: false, writeEnabled: false })
  const purge = ['purge', '--filter', `${name}:^dev-.*`, '--ago', '0d', '--untagged']
  await acr(home, ...purge, '--dry-run')
  assert.equal(await statusOf(name, 'dev-1'), 200)
  await acr(home, ...purge)
  assert.deepEqual(
    [await statusOf(name, 'dev-1'), await statusOf(name, old.digest), await statusOf(name, 'dev-locked')],
    [404, 404, 200],
  )
  await acr(home, ...purge, '--include-locked')
  assert.deepEqual([await statusOf(name, 'dev-locked'), await statusOf(name, locked.digest)], [404, 404])
  assert.equal(await statusOf(name, kept.digest), 200)
})

test('acr as a principal with AcrPull lists tags, and neither deletes nor purges', async (t) => {
  if (!requireTool(t, 'acr')) return
  const image = await pushImage(registry, 'acr/read-only', 'v1', owner)
  const reader = await createServicePrincipal(server, 'reader')
  await assignRole(server, reader.objectId, roles.acrPull, registryId(server, 'contoso'))
  using home = await acrHome(reader)
  const of = ['--repository', 'acr/read-only']
  assert.match(await acr(home, 'tag', 'list', ...of), /v1$/m)
  assertFails(await tryAcr(home, 'tag', 'delete', ...of, 'v1'), denial)
  assertFails(await tryAcr(home, 'manifest', 'delete', ...of, image.digest), denial)
  await tryAcr(home, 'purge', '--filter', 'acr/read-only:.*', '--ago', '0d', '--untagged')
  assert.equal(await statusOf('acr/read-only', 'v1'), 200)
})

test('acr is not logged in by a wrong password', async (t) => {
  if (!requireTool(t, 'acr')) return
  using home = clientHome(server.caFile)
  const login = ['login', host, '-u', servicePrincipal.appId, '--password-stdin']
  assertFails(await run('acr', login, { env: home.env, input: 'wrong' }), denial)
})
