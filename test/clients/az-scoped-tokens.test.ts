import assert from 'node:assert/strict'
import { after } from 'node:test'
import { registryId } from '../harness/arm.ts'
import { run } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { askAccessToken, basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { grantedBy } from '../rights/tokens.ts'
import { azHome, signIn, step } from './az/az.ts'
import { keptLogin, makeImage, pull, push } from './az/podman.ts'
import { secretFile } from '../harness/secret-file.ts'

const server = await startServer()
const az = azHome(server.caFile, { DOCKER_COMMAND: 'podman' })
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry, loginServer, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'samples/hello', 'v1', owner)
await pushImage(server, 'samples/other', 'v1', owner)

const onRegistry = ['-r', registry]
const acr = (...args: string[]): Promise<unknown> => az.json('acr', ...args, ...onRegistry)
const acrText = (...args: string[]): Promise<string> => az.text('acr', ...args, ...onRegistry)
const names = (list: unknown): unknown[] => listAt(list).map((one) => at(one, 'name'))
const passwordOf = (printed: unknown, index = 0): string =>
  stringAt(printed, 'credentials', 'passwords', index, 'value')

/** What a password may do with a repository; undefined if it is invalid. */
async function granted(
  username: string,
  password: string,
  repository = 'samples/hello',
): Promise<string[] | undefined> {
  const scope = `repository:${repository}:pull,push,delete,metadata_read,metadata_write`
  const answer = await askAccessToken(server, { username, password }, [scope])
  if (answer.status !== 200) return undefined
  return [...(grantedBy(stringAt(answer.json(), 'access_token'))[`repository:${repository}`] ?? [])]
}

const systemMaps = [
  '_repositories_admin',
  '_repositories_pull',
  '_repositories_pull_metadata_read',
  '_repositories_push',
  '_repositories_push_metadata_write',
]

step('az acr scope-map list names the five of the system, and show gives one', ['az'], async () => {
  await signIn(az, server)
  assert.deepEqual(names(await acr('scope-map', 'list')), systemMaps)
  assert.match(await acrText('scope-map', 'list', '-o', 'table'), /_repositories_pull/)
  assert.partialDeepStrictEqual(await acr('scope-map', 'show', '-n', '_repositories_pull'), {
    name: '_repositories_pull',
    typePropertiesType: 'SystemDefined',
    actions: ['repositories/*/content/read'],
  })
})

step('az acr scope-map create makes one of repositories and connected registries', ['az'], async () => {
  const repository = ['--repository', 'samples/hello', 'content/read', 'metadata/read']
  const gateway = ['--gateway', 'edge1', 'config/read']
  const made = await acr('scope-map', 'create', '-n', 'MyMap', ...repository, ...gateway, '--description', 'who reads')
  assert.partialDeepStrictEqual(made, {
    id: `${registryId(server)}/scopeMaps/MyMap`,
    name: 'MyMap',
    description: 'who reads',
    provisioningState: 'Succeeded',
    resourceGroup: server.firstRun.resourceGroup,
  })
  assert.deepEqual(listAt(made, 'actions').map(String).toSorted(), [
    'gateway/edge1/config/read',
    'repositories/samples/hello/content/read',
    'repositories/samples/hello/metadata/read',
  ])
  assert.deepEqual(names(await acr('scope-map', 'list')), [...systemMaps, 'MyMap'])
  await az.fails(3, /could not be found/, 'acr', 'scope-map', 'show', '-n', 'missing', ...onRegistry)
})

step('az acr scope-map create denies a wildcard where ACR has none', ['az'], async () => {
  const repository = ['--repository', 'samples/*/x', 'content/read']
  const create = ['acr', 'scope-map', 'create', '-n', 'refused', ...repository, ...onRegistry]
  await az.fails(1, /InvalidScopeMapAction/, ...create)
})

step('az acr scope-map update adds and removes repositories, and describes', ['az'], async () => {
  const add = ['--add-repository', 'samples/*', 'content/read', '--add-repository', 'samples/other', 'content/write']
  const remove = ['--remove-repository', 'samples/hello', 'metadata/read', '--remove-gateway', 'edge1', 'config/read']
  const updated = await acr('scope-map', 'update', '-n', 'MyMap', ...add, ...remove, '--description', 'changed')
  assert.deepEqual(listAt(updated, 'actions').map(String).toSorted(), [
    'repositories/samples/*/content/read',
    'repositories/samples/hello/content/read',
    'repositories/samples/other/content/write',
  ])
  assert.equal(at(updated, 'description'), 'changed')
  const denied = ['acr', 'scope-map', 'update', '-n', '_repositories_pull', '--add-repository', 'a', 'content/write']
  await az.fails(1, /SystemDefinedScopeMap/, ...denied, ...onRegistry)
})

let nightly: unknown

step('az acr token create with a scope map prints both passwords, which sign in', ['az'], async () => {
  nightly = await acr('token', 'create', '-n', 'nightly', '--scope-map', 'MyMap')
  assert.partialDeepStrictEqual(nightly, {
    id: `${registryId(server)}/tokens/nightly`,
    name: 'nightly',
    provisioningState: 'Succeeded',
    scopeMapId: `${registryId(server)}/scopeMaps/MyMap`,
    status: 'enabled',
    credentials: { username: 'nightly', passwords: [{ name: 'password1' }, { name: 'password2' }] },
  })
  for (const index of [0, 1]) {
    assert.equal(passwordOf(nightly, index).length, 52)
    assert.deepEqual(await granted('nightly', passwordOf(nightly, index)), ['pull'])
    assert.deepEqual(await granted('nightly', passwordOf(nightly, index), 'samples/other'), ['pull', 'push'])
  }
})

step('az acr token create makes a scope map of repositories and gateways, and takes an expiry', ['az'], async () => {
  const repository = ['--repository', 'samples/hello', 'content/read', 'content/delete']
  const gateway = ['--gateway', 'edge1', 'message/read']
  const expiry = ['--expiration', '2100-12-31T12:59:59Z']
  const made = await acr('token', 'create', '-n', 'dated', ...repository, ...gateway, ...expiry)
  assert.equal(at(made, 'scopeMapId'), `${registryId(server)}/scopeMaps/dated-scope-map`)
  assert.match(stringAt(made, 'credentials', 'passwords', 0, 'expiry'), /^2100-12-31T12:59:59/)
  assert.deepEqual(await granted('dated', passwordOf(made)), ['delete', 'pull'])
  assert.partialDeepStrictEqual(await acr('scope-map', 'show', '-n', 'dated-scope-map'), {
    typePropertiesType: 'UserDefined',
  })
  const inDays = await acr('token', 'create', '-n', 'thirty', '--scope-map', 'MyMap', '--expiration-in-days', '30')
  const days = (Date.parse(stringAt(inDays, 'credentials', 'passwords', 1, 'expiry')) - Date.now()) / 86_400_000
  assert.ok(days > 29 && days < 31, `${days} days`)
})

step('az acr token create makes one without passwords, or disabled', ['az'], async () => {
  const bare = await acr('token', 'create', '-n', 'barren', '--scope-map', 'MyMap', '--no-passwords', 'true')
  assert.deepEqual(at(bare, 'credentials', 'passwords') ?? [], [])
  const pulling = ['--scope-map', '_repositories_pull']
  const disabled = await acr('token', 'create', '-n', 'disabled', ...pulling, '--status', 'disabled')
  assert.equal(at(disabled, 'status'), 'disabled')
  assert.equal(await granted('disabled', passwordOf(disabled)), undefined)
})

step('az acr token list and show return everything but the passwords', ['az'], async () => {
  assert.deepEqual(names(await acr('token', 'list')), ['barren', 'dated', 'disabled', 'nightly', 'thirty'])
  assert.match(await acrText('token', 'list', '-o', 'table'), /nightly\s+.*MyMap/)
  const shown = await acr('token', 'show', '-n', 'NIGHTLY')
  assert.deepEqual(
    listAt(shown, 'credentials', 'passwords').map((password) => [at(password, 'name'), at(password, 'value')]),
    [
      ['password1', null],
      ['password2', null],
    ],
  )
  await az.fails(3, /could not be found/, 'acr', 'token', 'show', '-n', 'missing', ...onRegistry)
})

step('az acr login, podman and oras sign in by the token’s name and password', ['az', 'podman', 'oras'], async () => {
  const password = passwordOf(nightly)
  assert.match(
    await az.text('acr', 'login', '-n', registry, '-u', 'nightly', '-p', secretFile(password)),
    /Login Succeeded/,
  )
  assert.deepEqual(keptLogin(az.home, loginServer), { username: 'nightly', password })
  await makeImage(az.home, 'localhost/tiny:1', 'by a scoped token\n')
  const pushed = await push(az.home, 'localhost/tiny:1', `${loginServer}/samples/other:2`)
  assert.equal(await pull(az.home, `${loginServer}/samples/other:2`), pushed)
  await makeImage(az.home, 'localhost/tiny:1', 'by a scoped token\n')
  const denied = await run('podman', ['push', 'localhost/tiny:1', `${loginServer}/samples/hello:2`], {
    env: az.home.env,
  })
  assert.notEqual(denied.code, 0)
  assert.match(denied.stderr, /unauthorized|authentication required|denied/)
  const oras = ['login', loginServer, '--plain-http=false', '-u', 'nightly', '--password-stdin']
  assert.equal((await run('oras', oras, { env: az.home.env, input: password })).code, 0)
  const wrong = await az.run(['acr', 'login', '-n', registry, '-u', 'nightly', '-p', secretFile(`${password}x`)])
  assert.match(wrong.stderr, /Login failed/)
})

step('az acr repository and manifest take the token’s name and password', ['az'], async () => {
  const repositories = ['samples/hello', 'samples/other']
  const all = repositories.flatMap((name) => [
    '--repository', name, 'content/read', 'content/delete', 'metadata/read', 'metadata/write',
  ]) // prettier-ignore
  const made = await acr('token', 'create', '-n', 'operator', ...all)
  const as = ['-u', 'operator', '-p', secretFile(passwordOf(made))]
  const repository = (...args: string[]) => az.json('acr', 'repository', ...args, '-n', registry, ...as)
  assert.deepEqual(await repository('show-tags', '--repository', 'samples/hello'), ['v1'])
  assert.partialDeepStrictEqual(await repository('show', '--image', 'samples/hello:v1'), { digest: image.digest })
  const locked = await repository('update', '--image', 'samples/hello:v1', '--write-enabled', 'false')
  assert.equal(at(locked, 'changeableAttributes', 'writeEnabled'), false)
  await repository('update', '--image', 'samples/hello:v1', '--write-enabled', 'true')
  assert.equal(listAt(await acr('manifest', 'list-metadata', '-n', 'samples/hello', ...as)).length, 1)
  await az.text('acr', 'repository', 'untag', '--image', 'samples/other:2', '-n', registry, ...as)
  await az.text('acr', 'repository', 'delete', '--image', 'samples/other:v1', '--yes', '-n', registry, ...as)
  assert.equal((await get(server, '/v2/samples/other/manifests/v1', owner)).status, 404)
  const listing = await az.run(['acr', 'repository', 'list', '-n', registry, ...as])
  assert.equal(listing.code, 1, 'the catalog is no scoped token’s')
  const stranger = ['acr', 'repository', 'show-tags', '--repository', 'samples/hello', '-n', registry, '-u', 'operator']
  await az.fails(1, /was denied|401/, ...stranger, '-p', secretFile('wrong'))
})

step('az acr token credential generate renews one password or both, and delete takes one away', ['az'], async () => {
  const first = passwordOf(nightly)
  const second = passwordOf(nightly, 1)
  const generate = ['token', 'credential', 'generate', '-n', 'nightly']
  const renewed = await acr(...generate, '--password1', '--expiration-in-days', '30')
  assert.equal(at(renewed, 'username'), 'nightly')
  assert.equal(listAt(renewed, 'passwords').length, 1)
  const value = stringAt(renewed, 'passwords', 0, 'value')
  assert.equal(await granted('nightly', first), undefined)
  assert.deepEqual(await granted('nightly', value), ['pull'])
  assert.deepEqual(await granted('nightly', second), ['pull'])
  await acr('token', 'credential', 'delete', '-n', 'nightly', '--password2')
  assert.equal(await granted('nightly', second), undefined)
  assert.deepEqual(await granted('nightly', value), ['pull'])
  const both = await acr(...generate)
  assert.deepEqual(names(at(both, 'passwords')), ['password1', 'password2'])
  assert.equal(await granted('nightly', value), undefined)
  assert.deepEqual(await granted('nightly', stringAt(both, 'passwords', 1, 'value')), ['pull'])
})

step('az acr token update disables, enables and gives another scope map', ['az'], async () => {
  const both = await acr('token', 'credential', 'generate', '-n', 'nightly')
  const password = stringAt(both, 'passwords', 0, 'value')
  assert.equal(at(await acr('token', 'update', '-n', 'nightly', '--status', 'disabled'), 'status'), 'disabled')
  assert.equal(await granted('nightly', password), undefined)
  const moved = await acr('token', 'update', '-n', 'nightly', '--scope-map', '_repositories_push')
  assert.equal(at(moved, 'scopeMapId'), `${registryId(server)}/scopeMaps/_repositories_push`)
  assert.equal(at(moved, 'status'), 'enabled')
  assert.deepEqual(await granted('nightly', password, 'anything'), ['pull', 'push'])
})

step('az rest opens some repositories to anonymous callers by a scope map, and closes them', ['az'], async () => {
  const parent = registryId(server)
  const url = `${parent}/providers/Acrux.Server/anonymousAccess/default?api-version=2024-11-01`
  const rest = (method: string, ...more: string[]) => az.run(['rest', '--method', method, '--url', url, ...more])
  const asked = () => askAccessToken(server, 'anonymous', ['repository:samples/hello:pull'])
  assert.equal((await asked()).status, 401)
  const body = JSON.stringify({ properties: { scopeMapId: `${parent}/scopeMaps/_repositories_pull` } })
  assert.equal((await rest('put', '--body', body)).code, 0)
  assert.match((await rest('get')).stdout, /_repositories_pull/)
  assert.equal((await asked()).status, 200)
  assert.equal((await rest('delete')).code, 0)
  assert.equal((await asked()).status, 401)
})

step('az acr token delete and az acr scope-map delete end them, the map after its tokens', ['az'], async () => {
  const deleteMap = ['acr', 'scope-map', 'delete', '-n', 'MyMap', '-y', ...onRegistry]
  await az.fails(1, /ScopeMapInUse/, ...deleteMap)
  for (const name of ['barren', 'dated', 'disabled', 'nightly', 'operator', 'thirty']) {
    await acrText('token', 'delete', '-n', name, '-y')
  }
  await az.text(...deleteMap)
  assert.deepEqual(await acr('token', 'list'), [])
  assert.deepEqual(names(await acr('scope-map', 'list')), [...systemMaps, 'dated-scope-map', 'operator-scope-map'])
  await az.fails(
    1,
    /SystemDefinedScopeMap/,
    'acr',
    'scope-map',
    'delete',
    '-n',
    '_repositories_pull',
    '-y',
    ...onRegistry,
  )
})
