import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { after, test } from 'node:test'
import { arm, assignRole, expectStatus, principalWithRole, registryId, roles } from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { request } from '../harness/http.ts'
import { accessToken, basic, get, registryUrl } from '../harness/registry.ts'
import { createScopedToken } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { runAcrux } from '../serve/acrux.ts'
import { acruxClient, principalLogin, runPrinted } from './acrux/acrux.ts'
import { azHome, signIn, step } from './az/az.ts'
import { signInByDevice } from './lib/sign-in-by-device.ts'

const server = await startServer()
const az = azHome(server.caFile)
const own = acruxClient(server.caFile)
after(async () => {
  own[Symbol.dispose]()
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

/** What az finds itself by, for `acrux`, which takes no variable of its own that it does not know. */
const env: Record<string, string> = { ...az.home.env }
delete env.AZURE_CORE_INSTANCE_DISCOVERY
const acr = (...args: string[]) => runAcrux(['acr', ...args, '-n', server.firstRun.registry], { env })

step('acrux acr reports through az why a push was denied, and who may push', ['az'], async () => {
  await signIn(az, server)
  const puller = await principalWithRole(server, 'puller', roles.acrPull)
  const denied = await request({
    method: 'POST',
    url: `${registryUrl(server)}/v2/team/app/blobs/uploads/`,
    headers: { authorization: basic(puller.appId, puller.password) },
    caFile: server.caFile,
  })
  const why = await acr('why', String(denied.headers['x-ms-correlation-request-id']))
  assert.equal(why.code, 0, why.stderr)
  assert.match(why.stdout, /^reason: {4}role-lacks-action$/m)
  assert.match(why.stdout, /^principal: service-principal puller, with/m)
  const [, fix = ''] = /^fix: {7}(acrux acr grant puller push '\*' -n .+)$/m.exec(why.stdout) ?? []
  for (const who of ['puller', puller.objectId]) {
    const last = await acr('why', '--last', '--principal', who)
    assert.equal(last.stdout, why.stdout, 'the last denial of another principal')
  }
  const own = await acr('why', '--last')
  assert.deepEqual([own.code, own.stderr], [1, 'acrux: no denial was found\n'], 'the caller was denied nothing')
  const unknown = await acr('why', '019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11')
  assert.equal(unknown.code, 1, unknown.stderr)
  const can = await acr('can', puller.objectId, 'push', 'team/app')
  assert.equal(can.code, 1, can.stderr)
  assert.match(can.stdout, /^not allowed: role-lacks-action$/m)
  assert.equal((await acr('can', puller.objectId, 'pull', 'team/app')).code, 0)
  const who = await acr('who', 'push', 'team/app')
  assert.equal(who.code, 0, who.stderr)
  assert.ok(!who.stdout.includes(puller.objectId))
  assert.match(who.stdout, /^ServicePrincipal /m)
  const table = await acr('who', 'push', 'team/app', '-o', 'table')
  assert.match(table.stdout, /^TYPE +NAME/m)
  assert.match(table.stdout, /^ServicePrincipal /m)
  const pushing = `${registryId(server)}/scopeMaps/_repositories_push`
  for (const [token, status] of [
    ['builder', 'enabled'],
    ['retired', 'disabled'],
  ]) {
    const properties = { scopeMapId: pushing, status }
    expectStatus(await arm(server, 'PUT', `${registryId(server)}/tokens/${token}`, { properties }), 201)
  }
  const tokens = await acr('who', 'push', 'team/app')
  assert.match(tokens.stdout, /^ScopedToken {7}token:builder\nScopedToken {7}token:retired {2}\(disabled\)$/m)

  const fixed = await runPrinted(fix, env)
  assert.equal(fixed.code, 0, `${fix}\n${fixed.stderr}`)
  assert.equal((await acr('can', 'puller', 'push', 'team/app')).code, 0, 'the printed command allows it')
})

test('acrux acr why --own explains their own denied requests to users, who need no role', async () => {
  const person = await createPerson(server, 'grace')
  await assignRole(server, { id: person.id, type: 'User' }, roles.acrPull, registryId(server))
  using acrux = acruxClient(server.caFile)
  await signInByDevice(acrux, server, person)
  await acrux.fails(1, /^acrux: no denial was found$/m, ['acr', 'why', '--last', '--own'])
  const login = [
    'acr',
    'login',
    '-n',
    server.firstRun.registry,
    '--expose-token',
    '--query',
    'accessToken',
    '-o',
    'tsv',
  ]
  const password = await acrux.text(login)
  const credential = { username: '00000000-0000-0000-0000-000000000000', password }
  const bearer = await accessToken(server, credential, ['repository:team/app:pull,push'])
  const denied = await request({
    method: 'POST',
    url: `${registryUrl(server)}/v2/team/app/blobs/uploads/`,
    headers: { authorization: `Bearer ${bearer}` },
    caFile: server.caFile,
  })
  const id = String(denied.headers['x-ms-correlation-request-id'])
  const why = await acrux.text(['acr', 'why', id, '--own'])
  assert.match(why, /^reason: {4}role-lacks-action$/m)
  assert.match(why, /^requested: push on team\/app$/m)
  assert.doesNotMatch(why, /^role:/m, 'without the assignments')
  assert.equal(await acrux.text(['acr', 'why', '--last', '--own']), why)
  await acrux.fails(3, /cannot see the registry/, ['acr', 'why', id, '-n', server.firstRun.registry])
  await acrux.fails(2, /use --own without --name and --principal/, ['acr', 'why', id, '--own', '-n', 'any'])

  using other = acruxClient(server.caFile)
  const heidi = await createPerson(server, 'heidi')
  await assignRole(server, { id: heidi.id, type: 'User' }, roles.acrPull, registryId(server))
  await signInByDevice(other, server, heidi)
  await other.fails(1, /^acrux: no denial has the id /m, ['acr', 'why', id, '--own'])
})

step('acrux acr why tells the command that gives a scoped token back what it lacks, and it does', ['az'], async () => {
  const { id, ...credential } = await createScopedToken(server, 'shipping', '_repositories_pull_metadata_read')
  const bearer = `Bearer ${await accessToken(server, credential, ['repository:team/app:pull'])}`
  expectStatus(await arm(server, 'PATCH', id, { properties: { status: 'disabled' } }), 201)
  const changes = new Set<string>()
  for (const authorization of [bearer, basic(credential.username, credential.password)]) {
    const denied = expectStatus(await get(server, '/v2/team/app/manifests/1', authorization), 401)
    const why = await acr('why', String(denied.headers['x-ms-correlation-request-id']))
    assert.match(why.stdout, /^reason: {4}scoped-token-is-off$/m)
    changes.add(/^fix: {7}(.+)$/m.exec(why.stdout)?.[1] ?? why.stdout)
  }
  const [change = ''] = changes
  assert.deepEqual([...changes], [`acrux acr token update -n shipping -r ${server.firstRun.registry} --status enabled`])
  const signedIn = { ...env, ACRUX_CONFIG_DIR: own.configDir }
  await own.text(principalLogin(server), { input: server.firstRun.servicePrincipal.password })
  assert.equal((await runPrinted(change, signedIn)).code, 0, change)
  expectStatus(await get(server, '/v2/team/app/manifests/1', bearer), 404)
})

step('acrux audit list shows the log of a running server through az, filtered and over its pages', ['az'], async () => {
  const puller = await principalWithRole(server, 'listed', roles.acrPull)
  const authorization = basic(puller.appId, puller.password)
  const agent = new Agent({ keepAlive: true })
  const ask = (path: string) =>
    request({ url: `${registryUrl(server)}${path}`, headers: { authorization }, caFile: server.caFile, agent })
  const service = encodeURIComponent(server.firstRun.loginServer)
  const tokens = 1050
  for (let left = tokens; left > 0; left -= 50) {
    await Promise.all(
      Array.from({ length: 50 }, async () =>
        expectStatus(await ask(`/oauth2/token?service=${service}&scope=repository:team/app:pull`), 200),
      ),
    )
  }
  const denied = await ask('/acr/v1/_deleted/_catalog')
  agent.destroy()
  const list = (...args: string[]) => runAcrux(['audit', 'list', ...args], { env })
  const at = ['--server', server.baseUrl]
  const all = await list(...at, '--principal', puller.objectId, '--action', 'token.issue', '--limit', '2000')
  assert.equal(all.code, 0, all.stderr)
  const lines = all.stdout.trimEnd().split('\n').slice(2)
  assert.equal(lines.length, tokens, 'two pages of a thousand at the most')
  assert.ok(
    lines.every((line) => / success +token\.issue +service-principal:/.test(line) && line.includes(puller.objectId)),
  )
  const times = lines.map((line) => line.slice(0, line.indexOf(' ')))
  assert.deepEqual(times, times.toSorted().toReversed(), 'the newest first')
  assert.equal((await list(...at, '--from', '2020-01-01', '--to', '2021-01-01')).stdout, 'no event matches\n')
  const id = String(denied.headers['x-ms-correlation-request-id'])
  for (const place of [at, ['-n', server.firstRun.registry]]) {
    const one = await list(...place, '--outcome', 'refused', '--limit', '1', '--principal', puller.objectId)
    assert.equal(one.code, 0, one.stderr)
    assert.match(one.stdout, new RegExp(`\n\\S+Z +refused +data\\.access .* ${id}\n$`))
  }
  const elsewhere = await list('--server', 'https://elsewhere.example')
  assert.deepEqual([elsewhere.code, elsewhere.stdout], [3, ''])
  assert.match(elsewhere.stderr, /the active cloud is .*, not https:\/\/elsewhere\.example/)
})

step('acrux acr why distinguishes a closed network from an address without a rule', ['az'], async () => {
  const id = registryId(server)
  const why = async (): Promise<string> => {
    const denied = await request({ url: `${registryUrl(server)}/v2/`, caFile: server.caFile })
    assert.equal(denied.status, 403)
    return (await acr('why', String(denied.headers['x-ms-correlation-request-id']))).stdout
  }
  const fence = { sku: { name: 'Premium' }, properties: { networkRuleSet: { defaultAction: 'Deny' } } }
  expectStatus(await arm(server, 'PATCH', id, fence), 200)
  assert.match(
    await why(),
    /^reason: {4}network-rule\nfix: {7}az acr network-rule add -n \S+ --ip-address 127\.0\.0\.1$/m,
  )
  expectStatus(await arm(server, 'PATCH', id, { properties: { publicNetworkAccess: 'Disabled' } }), 200)
  assert.match(
    await why(),
    /^reason: {4}public-network-disabled\nfix: {7}acrux acr update -n \S+ --public-network-enabled true, and az acr network-rule /m,
  )
})
