import assert from 'node:assert/strict'
import { chmodSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type NewServicePrincipal, createRegistry, principalWithRole, roles } from '../harness/arm.ts'
import { mustRun } from '../harness/clients.ts'
import { at, stringAt } from '../harness/json.ts'
import { nullGuid } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { claimsOf, step } from './az/az.ts'
import { makeImage, pull, push } from './az/podman.ts'
import { testDocker } from './credential-helper/docker.ts'
import { newPusher, signInBySecret, tokenOf } from './credential-helper/scene.ts'
import { testSignIns } from './credential-helper/sign-ins.ts'

import { type HelperHome, helperHome } from './lib/credential-helper.ts'
import { examplesOf, readDocument } from './lib/examples.ts'

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
/** A service principal is signed in here, and its clients ask the helper. */
const home = helperHome(server.caFile)
const withHelper = { ...home.home, env: home.env }
const { registry, loginServer } = server.firstRun
const setUpHelper = ['acr', 'login', '-n', registry, '--helper']
const image = `${loginServer}/team/app:1`
let pusher: NewServicePrincipal

/** Signs a service principal in, and makes the clients of the home ask the helper. */
async function setUp(client: HelperHome): Promise<void> {
  await signInBySecret(client, server, pusher)
  await client.text(setUpHelper)
}

before(async () => {
  pusher = await newPusher(server, 'pusher')
  await setUp(home)
})
after(async () => {
  home[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

test('the helper answers with a refresh token of the signed-in account, and again with the same one', async () => {
  const claims = await tokenOf(home, loginServer)
  assert.partialDeepStrictEqual(claims, { grant_type: 'refresh_token', aud: loginServer, appid: pusher.appId })
  assert.deepEqual(await tokenOf(home, `https://${loginServer}/v2/\n`), claims)
})

test('the helper speaks the protocol of docker: list, version, and errors on standard output', async () => {
  const list = await home.helper('list')
  assert.deepEqual(JSON.parse(list.stdout), { [loginServer]: nullGuid })
  assert.match((await home.helper('version')).stdout, /^docker-credential-acrux \(acrux\) \d+\.\d+\.\d+\n$/)
  const failures = [
    ['get', 'docker.io', /^credentials not found in native keychain\n$/, /^$/],
    ['get', '', /^no credentials server URL\n$/, /no credentials server URL/],
    ['store', '{', /^the input is not valid JSON\n$/, /not valid JSON/],
    ['store', '{"ServerURL":"x"}', /^no credentials username\n$/, /no credentials username/],
    ['get', 'x'.repeat(70_000), /^the input is too long\n$/, /too long/],
    ['unknown', '', /^Usage: docker-credential-acrux <get\|store\|erase\|list\|version>\n$/, /Usage/],
  ] as const
  for (const [action, input, stdout, stderr] of failures) {
    const ran = await home.helper(action, input)
    assert.equal(ran.code, 1, action)
    assert.match(ran.stdout, stdout)
    assert.match(ran.stderr, stderr)
  }
})

test('acrux acr login --helper keeps the content, mode and symbolic link of the configuration files', async () => {
  using client = helperHome(server.caFile)
  const target = join(client.home.path, 'dotfiles.json')
  const file = join(client.home.path, 'docker', 'config.json')
  const before = { auths: { 'other.example.com': { auth: 'eDp5' } }, credHelpers: { 'other.example.com': 'pass' } }
  writeFileSync(target, JSON.stringify(before))
  chmodSync(target, 0o640)
  writeFileSync(join(client.home.path, 'auth.json'), '')
  rmSync(file)
  symlinkSync(target, file)
  await signInBySecret(client, server, pusher)
  const said = await client.run(setUpHelper, { env: { DOCKER_COMMAND: 'missing' } })
  assert.equal(said.code, 0, said.stderr)
  assert.match(said.stderr, /changed .*config\.json\n[^]*changed .*auth\.json\n[^]*docker-credential-acrux, as /)
  const credHelpers = { 'other.example.com': 'pass', [loginServer]: 'acrux' }
  assert.deepEqual(JSON.parse(readFileSync(target, 'utf8')), { ...before, credHelpers })
  assert.equal(statSync(target).mode & 0o777, 0o640)
  assert.ok(lstatSync(file).isSymbolicLink())
  await client.text(['acr', 'login', '-n', registry, '--remove-helper'])
  assert.deepEqual(JSON.parse(readFileSync(target, 'utf8')), before)
  assert.deepEqual(JSON.parse((await client.helper('list')).stdout), {})
  await client.fails(1, /is not set up for/, ['acr', 'login', '-n', registry, '--remove-helper'])
  writeFileSync(target, '{"credHelpers":')
  await client.fails(
    1,
    /config\.json cannot be changed: the file is not valid JSON\n.*correct or remove the file/,
    setUpHelper,
  )
  assert.equal(readFileSync(target, 'utf8'), '{"credHelpers":')
})

test('acrux logout removes the helper from the configuration files', async () => {
  using client = helperHome(server.caFile)
  await setUp(client)
  const said = await client.run(['logout'])
  assert.match(said.stderr, /removed localhost:\d+ from .*config\.json/)
  for (const name of ['docker/config.json', 'auth.json'])
    assert.doesNotMatch(readFileSync(join(client.home.path, name), 'utf8'), /credHelpers/)
  assert.deepEqual(await client.helper('get', loginServer), {
    code: 1,
    stdout: 'credentials not found in native keychain\n',
    stderr: '',
  })
})

test('a principal with AcrPush alone sets the helper up, by the name or the login server', async () => {
  const alone = await principalWithRole(server, 'push-alone', roles.acrPush)
  for (const name of [registry, loginServer]) {
    using client = helperHome(server.caFile)
    await signInBySecret(client, server, alone)
    assert.deepEqual(await client.json(['acr', 'list']), [], 'it cannot read the registry')
    await client.text(['acr', 'login', '-n', name, '--helper'])
    const config: unknown = JSON.parse(readFileSync(join(client.home.path, 'docker/config.json'), 'utf8'))
    assert.deepEqual(at(config, 'credHelpers'), { [loginServer]: 'acrux' })
    assert.partialDeepStrictEqual(await tokenOf(client, loginServer), { appid: alone.appId })
    const exposed = await client.json(['acr', 'login', '-n', name, '--expose-token'])
    assert.equal(stringAt(exposed, 'loginServer'), loginServer)
    const tags = ['acr', 'repository', 'show-tags', '-n', registry, '--repository', 'nothing']
    await client.fails(1, /"nothing" is not found/, tags)
    await client.text(['acr', 'login', '-n', name, '--remove-helper'])
    assert.equal((await client.helper('get', loginServer)).stdout, 'credentials not found in native keychain\n')
  }
  using stranger = helperHome(server.caFile)
  await signInBySecret(stranger, server, alone)
  const says = /registry\.example\.com is not a registry of the cloud/
  await stranger.fails(1, says, ['acr', 'login', '-n', 'registry.example.com', '--helper'])
})

test('without the helper on the PATH, acrux acr login --helper says how to create the link', async () => {
  using client = helperHome(server.caFile)
  await signInBySecret(client, server, pusher)
  const said = await client.run(setUpHelper, { env: { PATH: '/nowhere' } })
  assert.match(said.stderr, /docker-credential-acrux is not on the PATH[^]*ln -s /)
})

test('the token of one account or registry is never the answer for another', async () => {
  const { loginServer: second } = await createRegistry(server, 'second')
  const reader = await principalWithRole(server, 'second-reader', roles.reader, 'second')
  using client = helperHome(server.caFile)
  await setUp(client)
  assert.partialDeepStrictEqual(await tokenOf(client, loginServer), { aud: loginServer, appid: pusher.appId })
  await signInBySecret(client, server, reader)
  assert.partialDeepStrictEqual(await tokenOf(client, second), { aud: second, appid: reader.appId })
  const denied = await client.helper('get', loginServer)
  assert.equal(denied.code, 1, 'the account that signed in last has no role on the first registry')
  assert.match(denied.stderr, /has no role on this registry[^]*acrux acr why /)
  assert.doesNotMatch(denied.stdout, /eyJ/)
})

test('50 helpers at once answer, and keep the stored secrets private and complete', async () => {
  await home.helper('erase', loginServer)
  const answers = await Promise.all(Array.from({ length: 50 }, () => home.helper('get', loginServer)))
  for (const { code, stdout, stderr } of answers) {
    assert.equal(code, 0, stdout + stderr)
    assert.partialDeepStrictEqual(claimsOf(stringAt(JSON.parse(stdout), 'Secret')), { appid: pusher.appId })
  }
  const file = join(home.configDir, 'secrets.json')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.ok(readFileSync(file, 'utf8').includes(pusher.password))
})

test('a stored token is accepted and ignored, and a password of another user is rejected with the next step', async () => {
  const { stdout } = await home.helper('get', loginServer)
  assert.deepEqual(await home.helper('store', stdout), { code: 0, stdout: '', stderr: '' })
  const other = await home.helper('store', JSON.stringify({ ServerURL: loginServer, Username: nullGuid, Secret: 'x' }))
  assert.equal(other.code, 0)
  assert.match(other.stderr, /the token was not stored, because .* gets credentials from the sign-in of/)
  const password = await home.helper('store', JSON.stringify({ ServerURL: loginServer, Username: 'bob', Secret: 'y' }))
  assert.equal(password.code, 1)
  assert.match(
    password.stdout,
    /password of bob was not stored, .*; .*acrux acr login --remove-helper -n myregistry\n$/,
  )
  const foreign = await home.helper('store', JSON.stringify({ ServerURL: 'x.test', Username: 'bob', Secret: 'y' }))
  assert.match(foreign.stdout, /stores no passwords/)
})

for (const [client, args] of [
  ['skopeo', ['inspect', '--format', '{{.Digest}}', `docker://${image}`]],
  ['buildah', ['pull', '--policy', 'always', image]],
  ['oras', ['repo', 'tags', '--plain-http=false', `${loginServer}/team/app`]],
  ['podman', ['login', loginServer]],
] as const) {
  step(`${client} asks the helper`, ['podman', client], async () => {
    await pushOnce()
    await mustRun(client, args, { env: home.env })
  })
}

let pushed: Promise<string> | undefined

/** Pushes the image with podman, which asks the helper. */
function pushOnce(): Promise<string> {
  pushed ??= makeImage(withHelper, 'localhost/tiny:1', 'by the helper\n').then(() =>
    push(withHelper, 'localhost/tiny:1', image),
  )
  return pushed
}

step('podman pushes and pulls with the helper', ['podman'], async () => {
  const digest = await pushOnce()
  assert.equal(await pull(withHelper, image), digest)
  const logout = await mustRun('podman', ['logout', loginServer], { env: home.env })
  assert.match(logout.stderr, /still gets credentials from the sign-in of .*acrux logout/)
  await mustRun('podman', ['pull', image], { env: home.env })
  assert.doesNotMatch(readFileSync(join(home.home.path, 'auth.json'), 'utf8'), /"auth"/)
})

step('the commands of the page on the helper work', ['podman'], async () => {
  await pushOnce()
  using client = helperHome(server.caFile)
  await signInBySecret(client, server, pusher)
  const page = readDocument('docs/how-to/credential-helper.md')
  for (const [name, helpers] of [
    ['helper', { [loginServer]: nullGuid }],
    ['remove', {}],
  ] as const) {
    const script = examplesOf(page, name)
      .replaceAll('registry.example.com', loginServer)
      .replaceAll('contoso', registry)
    await mustRun('bash', ['-euo', 'pipefail', '-c', script], { env: client.env })
    assert.deepEqual(JSON.parse((await client.helper('list')).stdout), helpers)
  }
})

testSignIns({ server, issuer })
testDocker({ server, issuer })
