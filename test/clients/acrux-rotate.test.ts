import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { principalWithRole, roles } from '../harness/arm.ts'
import { run } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { askAccessToken, basic, pushImage } from '../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'
import { step } from './az/az.ts'
import { loggedIn } from './lib/steps.ts'

const server = await startServer()
const acrux = acruxClient(server.caFile)
after(async () => {
  acrux[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry, loginServer, servicePrincipal } = server.firstRun
const scopes = [`repository:team/app:pull`]

before(async () => {
  await acrux.text(principalLogin(server), { input: servicePrincipal.password })
  await putScopeMap(server, 'readers', ['repositories/team/app/content/read'])
  const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
  await pushImage(server, 'team/app', '1', basic(pusher.appId, pusher.password))
})

/** A token of the registry with one password, and the command line that rotates it. */
async function newToken(name: string) {
  const { username, password } = await createScopedToken(server, name, 'readers')
  await acrux.text(['acr', 'token', 'credential', 'delete', '-r', registry, '-n', name, '--password2'])
  return { username, password, rotate: ['acr', 'token', 'rotate', '-r', registry, '-n', name] }
}

async function isAccepted(username: string, password: string): Promise<boolean> {
  return (await askAccessToken(server, { username, password }, scopes)).status === 200
}

step('a client that pulls all the time is denied nothing while its token is rotated', ['skopeo'], async () => {
  const { username, password, rotate } = await newToken('device')
  const under = { server, host: loginServer }
  using oldHome = await loggedIn('skopeo', under, { username, password })
  let home = oldHome
  let pulls = 0
  const denied: string[] = []
  const stop = new AbortController()
  const pull = ({ env }: typeof home) => run('skopeo', ['inspect', `docker://${loginServer}/team/app:1`], { env })
  const pulling = (async () => {
    while (!stop.signal.aborted) {
      const { code, stderr } = await pull(home)
      pulls += 1
      if (code !== 0) denied.push(stderr)
    }
  })()
  try {
    await until('the first pull ended', () => pulls > 0)
    const rotated = await acrux.json([...rotate, '-o', 'json'])
    assert.partialDeepStrictEqual(rotated, { username, name: 'password2', old: { name: 'password1', deleted: false } })
    await until('the use is recorded', async () => {
      const early = await acrux.run([...rotate, '--finish', '--after', '1h', '--yes'])
      assert.equal(early.code, 4, early.stderr)
      return /password1 of the token device was not deleted: last used \d+ seconds? ago/.test(early.stderr)
    })
    using newHome = await loggedIn('skopeo', under, { username, password: stringAt(rotated, 'password') })
    home = newHome
    const before = pulls
    const finished = await acrux.json([...rotate, '--finish', '--wait', '--after', '3s', '--yes'])
    assert.partialDeepStrictEqual(finished, { name: 'password2', old: { name: 'password1', deleted: true } })
    assert.equal(at(finished, 'password'), undefined)
    await until('clients pulled with the new password', () => pulls > before + 2)
    stop.abort()
    await pulling
  } finally {
    stop.abort()
    await pulling
  }
  assert.deepEqual(denied, [])
  assert.notEqual((await pull(oldHome)).code, 0, 'the old password is denied')
})

test('a second rotation is rejected while both passwords are valid, and says when each was last used', async () => {
  const { username, password, rotate } = await newToken('twice')
  assert.ok(await isAccepted(username, password))
  const name = ['--query', 'name', '-o', 'tsv']
  assert.equal(await acrux.text([...rotate, ...name]), 'password2')
  await until('the use is recorded', async () => {
    const { code, stderr } = await acrux.run(rotate)
    assert.equal(code, 1)
    return /password1: created \d+ seconds? ago, last used \d+ seconds? ago\n.*password2: .*, not used yet/.test(stderr)
  })
  await acrux.fails(1, /--finish/, rotate)
  await acrux.fails(1, /add --yes to confirm/, [...rotate, '--finish', '--after', '0'])
  await acrux.fails(4, /run the command again in 23 hours/, [...rotate, '--finish', '--yes'])
  const planned = await acrux.run([...rotate, '--finish', '--dry-run'])
  assert.match(planned.stderr, /password1 would be deleted in 23 hours, unless a client uses the password before then/)
  assert.match(planned.stderr, /warning: no client has used password2 yet/)
  assert.ok(await isAccepted(username, password))
  assert.partialDeepStrictEqual(await acrux.json([...rotate, '--finish', '--after', '0', '--yes']), {
    old: { name: 'password1', deleted: true },
  })
  assert.equal(await isAccepted(username, password), false)
  assert.equal(await acrux.text([...rotate, ...name]), 'password1', 'the slots alternate')
})

test('a new password goes to a private file, or to a command, and not to the output', async () => {
  const { username, rotate } = await newToken('hidden')
  const file = join(acrux.home.path, 'new-password')
  const planned = await acrux.run([...rotate, '--out-file', file, '--dry-run'])
  assert.match(planned.stderr, /a new password of the token hidden would be created/)
  assert.ok(!existsSync(file))

  const toFile = await acrux.run([...rotate, '--out-file', file, '--debug'])
  assert.equal(toFile.code, 0, toFile.stderr)
  const second = readFileSync(file, 'utf8')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.ok(await isAccepted(username, second))
  assert.ok(!`${toFile.stdout}${toFile.stderr}`.includes(second))

  const finish = [...rotate, '--finish', '--after', '0', '--yes']
  await acrux.json(finish)
  const failing = await acrux.run([...rotate, '--exec', 'cat >/dev/null; exit 7'])
  assert.equal(failing.code, 1)
  assert.match(failing.stderr, /the command of --exec ended with the exit code 7/)
  await acrux.fails(1, /has no old password/, finish)

  const copy = `${file}-2`
  const passed = ['--exec', `cat >${copy}; echo "$ACRUX_USERNAME $ACRUX_PASSWORD_NAME"`]
  const toCommand = await acrux.run([...rotate, ...passed, '--wait', '--after', '0', '--yes'])
  assert.equal(toCommand.code, 0, toCommand.stderr)
  assert.match(toCommand.stderr, /^hidden password1$/m)
  assert.partialDeepStrictEqual(JSON.parse(toCommand.stdout), { old: { name: 'password2', deleted: true } })
  assert.ok(await isAccepted(username, readFileSync(copy, 'utf8')))
  assert.equal(await isAccepted(username, second), false)

  await acrux.fails(2, /--wait needs --out-file or --exec/, [...rotate, '--wait'])
  await acrux.fails(2, /cannot be combined/, [...rotate, ...passed, '--out-file', file])
  await acrux.fails(2, /creates no password/, [...rotate, '--finish', '--out-file', file])
  await acrux.fails(2, /such as 90m/, [...rotate, '--after', '1w'])
  await acrux.fails(3, /ResourceNotFound/, ['acr', 'token', 'rotate', '-r', registry, '-n', 'nosuch'])
})

test('without permission to read last uses, a rotation begins but does not end', async () => {
  const { rotate } = await newToken('unseen')
  const configurator = '3bc748fc-213d-45c1-8d91-9da5725539b9'
  const { appId, password } = await principalWithRole(server, 'configurator', configurator)
  using other = acruxClient(server.caFile)
  const login = principalLogin(server).map((word) => (word === servicePrincipal.appId ? appId : word))
  await other.text(login, { input: password })
  assert.equal(await other.text([...rotate, '--query', 'name', '-o', 'tsv']), 'password2')
  const finish = [...rotate, '--finish', '--after', '0', '--yes']
  await other.fails(
    1,
    /the server does not report when password1 .* was last used: .*Acrux.Server\/credentialUses\/read/,
    finish,
  )
  await other.fails(1, /acrux acr token credential delete -r \S+ -n unseen --password1/, finish)
  await acrux.json(finish)
})

for (const family of ['app', 'sp']) {
  test(`the passwords of ad ${family} are rotated with their last uses`, async () => {
    const { appId, password } = await principalWithRole(server, `rotated-${family}`, roles.acrPull)
    const id = ['--id', appId]
    const credential = ['ad', family, 'credential']
    const rotate = [...credential, 'rotate', ...id]
    const first = family === 'app' ? password : stringAt(await acrux.json([...credential, 'reset', ...id]), 'password')
    const rotated = await acrux.json([...rotate, '--years', '2', '--display-name', 'second'])
    const [newId, oldId] = [stringAt(rotated, 'name'), stringAt(rotated, 'old', 'name')]
    assert.ok(await isAccepted(appId, stringAt(rotated, 'password')))
    assert.ok(await isAccepted(appId, first))
    await until('the use of the old password is known', async () => {
      const early = await acrux.run([...rotate, '--finish', '--yes'])
      assert.equal(early.code, 4, early.stderr)
      return new RegExp(`${oldId} .* last used`).test(early.stderr)
    })
    await acrux.fails(1, new RegExp(`has 2 valid passwords:\\n.*${oldId}[^]*--key-id`), rotate)
    const third = await acrux.json([...rotate, '--key-id', newId])
    await acrux.fails(1, /has 3 valid passwords/, [...rotate, '--finish', '--after', '0', '--yes'])
    for (const each of [oldId, newId])
      await acrux.json([...rotate, '--finish', '--key-id', each, '--after', '0', '--yes'])
    const left = await acrux.json([...credential, 'list', ...id])
    assert.deepEqual([listAt(left).length, stringAt(left, 0, 'keyId')], [1, stringAt(third, 'name')])
    assert.equal(await isAccepted(appId, first), false)
    assert.ok(await isAccepted(appId, stringAt(third, 'password')))
    await acrux.fails(1, /has no old password/, [...rotate, '--finish', '--yes'])
  })
}
