import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { armToken, enableAdmin, principalWithRole, roles, setAnonymousPull } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { basic, exchange, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { partsOf } from './forged-token.ts'
import { repeatWith, seeded, type Seeded } from './seeded.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())
const { loginServer: service, registry, servicePrincipal } = server.firstRun
await setAnonymousPull(server, true)
const admin = await enableAdmin(server)
const puller = await principalWithRole(server, 'puller', roles.acrPull)
const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
const deleter = await principalWithRole(server, 'deleter', roles.acrDelete)

const every = ['pull', 'push', 'delete', 'metadata_read', 'metadata_write', 'deleted_read', 'deleted_restore'] as const
const softDeletion = new Set<string>(['deleted_read', 'deleted_restore'])

/** A caller, and what Azure allows it to do on any repository. [acr-protocol §9.1, legacy mode] */
interface Asker {
  name: string
  authorization?: string
  refreshToken?: string
  allowed: ReadonlySet<string>
  catalog: boolean
}

const refreshToken = await exchange(server, await armToken(server, puller))
const askers: readonly Asker[] = [
  { name: 'anonymous', allowed: new Set(['pull', 'metadata_read']), catalog: true },
  {
    name: 'AcrPull',
    authorization: basic(puller.appId, puller.password),
    allowed: new Set(['pull', 'metadata_read']),
    catalog: true,
  },
  { name: 'AcrPull by refresh token', refreshToken, allowed: new Set(['pull', 'metadata_read']), catalog: true },
  {
    name: 'AcrPush',
    authorization: basic(pusher.appId, pusher.password),
    allowed: new Set(['pull', 'push', 'metadata_read']),
    catalog: true,
  },
  {
    name: 'AcrDelete',
    authorization: basic(deleter.appId, deleter.password),
    allowed: new Set(['delete']),
    catalog: false,
  },
  {
    name: 'Owner',
    authorization: basic(servicePrincipal.appId, servicePrincipal.password),
    allowed: new Set(every),
    catalog: true,
  },
  { name: 'admin', authorization: basic(registry, admin.password), allowed: new Set(every), catalog: true },
]

const repositories = ['app', 'team/app', 'team/app2', 'a', 'a-b', 'a/b', 'localhost:5000/x'] as const
const noise = [
  'registry:None:*',
  'registry:catalog:pull',
  'registry:other:*',
  'repository:None',
  'repository::pull',
  'repository:app:',
  'repository:APP:pull',
  'repository:app/:pull',
  'repository:team/*:pull',
  'repository:../app:pull',
  'repositories:app:pull',
  'REPOSITORY:app:pull',
  'repository:app:admin',
  'repository:app:PULL',
  'artifact-repository:repo:pull',
  'plugin:x:y',
  ':',
  '::',
  ':::',
  'pull',
  '%',
  '\u0000',
  'é',
] as const

interface Wanted {
  name: string
  actions: string[]
}

/** Several things that are wanted, and one of the many ways to write them down. */
function request(random: Seeded): { wanted: Wanted[]; catalog: boolean; parameters: string[] } {
  const wanted: Wanted[] = []
  const written: string[] = []
  for (let index = random.between(0, 6); index > 0; index--) {
    const name = random.pick(repositories)
    const actions = random.shuffle(every).slice(0, random.between(1, 4))
    wanted.push({ name, actions })
    const unknown = random.chance(20) ? ['admin', 'read', '', 'PUSH'] : []
    const repeated = random.chance(20) ? actions : []
    const type = random.chance(15) ? 'repository(plugin)' : 'repository'
    written.push(`${type}:${name}:${random.shuffle([...actions, ...unknown, ...repeated]).join(',')}`)
  }
  const catalog = random.chance(30)
  if (catalog) written.push('registry:catalog:*')
  while (random.chance(40)) written.push(random.pick(noise))
  const parameters: string[] = []
  for (const one of random.shuffle([...written, ...written.filter(() => random.chance(15))])) {
    if (parameters.length > 0 && random.chance(50)) parameters.push(`${parameters.pop()} ${one}`)
    else parameters.push(one)
  }
  return { wanted, catalog, parameters }
}

async function ask(asker: Asker, scopes: readonly string[], byPost: boolean): Promise<HttpResponse> {
  const fields: [string, string][] = [['service', service], ...scopes.map((one): [string, string] => ['scope', one])]
  if (asker.refreshToken === undefined && !byPost) {
    const target = `/oauth2/token?${new URLSearchParams(fields).toString()}`
    return wire.send({ target, authorization: asker.authorization })
  }
  if (asker.refreshToken !== undefined) {
    fields.push(['grant_type', 'refresh_token'], ['refresh_token', asker.refreshToken])
  } else {
    const pair = Buffer.from((asker.authorization ?? 'Basic Og==').slice('Basic '.length), 'base64').toString('utf8')
    const colon = pair.indexOf(':')
    fields.push(['grant_type', 'password'], ['username', pair.slice(0, colon)], ['password', pair.slice(colon + 1)])
  }
  const headers = [['Content-Type', 'application/x-www-form-urlencoded'] as const]
  return wire.send({ method: 'POST', target: '/oauth2/token', headers, body: new URLSearchParams(fields).toString() })
}

/** What the token grants, as sorted `type:name:action`; fails where a thing is listed twice. */
function grants(response: HttpResponse): string[] {
  assert.equal(response.status, 200, response.text())
  const access = listAt(partsOf(stringAt(response.json(), 'access_token')).claims, 'access')
  const things = access.map((one) => `${stringAt(one, 'type')}:${stringAt(one, 'name')}`)
  assert.equal(new Set(things).size, things.length, `a thing is listed twice: ${things.join(' ')}`)
  return access
    .flatMap((one, index) => listAt(one, 'actions').map((action) => `${things[index]}:${String(action)}`))
    .sort()
}

function expectedOf(asker: Asker, wanted: readonly Wanted[], catalog: boolean): string[] {
  const all = wanted
    .filter(({ name }) => !name.includes(':'))
    .flatMap(({ name, actions }) =>
      actions.filter((action) => asker.allowed.has(action)).map((action) => `repository:${name}:${action}`),
    )
  if (catalog && asker.catalog) all.push('registry:catalog:*')
  return [...new Set(all)].sort()
}

/** What is granted on the name with a port is the server's own business, as long as it is allowed and was asked. */
function isOnHostName(grant: string): boolean {
  return grant.includes('localhost:5000/')
}

test('fault 8: the grant is the allowed part of the request, for any spelling, order and repetition', async () => {
  const random = seeded()
  for (let round = 0; round < 250; round++) {
    const { wanted, catalog, parameters } = request(random)
    const asker = random.pick(askers)
    const why = `${asker.name} asked ${JSON.stringify(parameters)}; ${repeatWith(random)}`
    const got = grants(await ask(asker, parameters, random.chance(50)))
    assert.deepEqual(
      got.filter((one) => !isOnHostName(one)),
      expectedOf(asker, wanted, catalog),
      why,
    )
    for (const one of got.filter(isOnHostName)) {
      assert.ok(asker.allowed.has(one.slice(one.lastIndexOf(':') + 1)), why)
    }
  }
})

test('fault 8: two spellings of the same wish give the same grant', async () => {
  const random = seeded()
  for (let round = 0; round < 60; round++) {
    const { parameters } = request(random)
    const asker = random.pick(askers)
    const single = parameters.flatMap((one) => one.split(' '))
    const spellings = [single, [single.join(' ')], random.shuffle(single), [...single, ...single], ['', ...single, ' ']]
    const all = await Promise.all(spellings.map(async (one) => grants(await ask(asker, one, random.chance(50)))))
    for (const one of all) {
      assert.deepEqual(one, all[0], `${asker.name} asked ${JSON.stringify(single)}; ${repeatWith(random)}`)
    }
  }
})

test('fault 8: a star asks for all that is allowed and widens nothing', async () => {
  for (const asker of askers) {
    for (const wish of ['repository:app:*', 'repository:app:pull,*', 'repository:app:*,push,delete']) {
      const got = grants(await ask(asker, [wish], false)).filter((one) => !softDeletion.has(one.split(':')[2] ?? ''))
      const allowed = [...asker.allowed].filter((action) => !softDeletion.has(action))
      const most = allowed.map((action) => `repository:app:${action}`).sort()
      assert.deepEqual(got, most, `${asker.name} asked ${wish}`)
    }
  }
})

test('fault 8: nothing asked, or nothing that means anything, is answered with a token for nothing', async () => {
  for (const asker of askers) {
    for (const scopes of [[], [''], [' '], [...noise], [noise.join(' ')]]) {
      assert.deepEqual(grants(await ask(asker, scopes, false)), [], `${asker.name} asked ${JSON.stringify(scopes)}`)
    }
  }
})

test('fault 8: very many scopes are granted at most as requested and allowed', async () => {
  const [, reader] = askers
  assert.ok(reader !== undefined)
  const scopes = Array.from({ length: 600 }, (_, index) => `repository:r${index}:pull,push`)
  const response = await ask(reader, [scopes.join(' ')], true)
  if (response.status === 400) return
  for (const one of grants(response)) assert.match(one, /^repository:r\d+:pull$/)
})

test('fault 8: a star in the place of a name opens no repository', async () => {
  const image = await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))
  const everything = 'pull,push,delete,metadata_read,metadata_write'
  for (const asker of askers) {
    for (const name of ['*', 'team/*', 'team/app*', '**']) {
      const response = await ask(asker, [`repository:${name}:${everything}`, `repository:${name}:*`], false)
      const authorization = `Bearer ${stringAt(response.json(), 'access_token')}`
      for (const target of [
        '/v2/team/app/manifests/1',
        `/v2/team/app/blobs/${image.config.digest}`,
        '/acr/v1/team/app',
      ]) {
        assert.equal((await wire.send({ target, authorization })).status, 401, `${asker.name} with ${name}: ${target}`)
      }
    }
  }
})
