import assert from 'node:assert/strict'
import { after } from 'node:test'
import { createRegistry, createServicePrincipal, enableAdmin, principalWithRole, roles } from '../harness/arm.ts'
import { mustRun, run } from '../harness/clients.ts'
import { at, stringAt } from '../harness/json.ts'
import { askAccessToken, nullGuid } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { azHome, claimsOf, loginServerSuffix, signIn, step } from './az/az.ts'
import { keptLogin, makeImage, pull, push } from './az/podman.ts'
import { secretFile } from '../harness/secret-file.ts'

const server = await startServer()
const az = azHome(server.caFile, { DOCKER_COMMAND: 'podman' })
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry, loginServer } = server.firstRun
const other = 'fabrikam'
const otherLoginServer = `${other}${loginServerSuffix(server)}`

step('az acr login signs podman in, which then pushes and pulls the same digest', ['az', 'podman'], async () => {
  await signIn(az, server)
  assert.match(await az.text('acr', 'login', '-n', registry), /Login Succeeded/)
  const kept = keptLogin(az.home, loginServer)
  assert.equal(kept.username, nullGuid)
  assert.partialDeepStrictEqual(claimsOf(kept.password), { grant_type: 'refresh_token', aud: loginServer })

  await makeImage(az.home, 'localhost/tiny:1', 'by az acr login\n')
  const pushed = await push(az.home, 'localhost/tiny:1', `${loginServer}/team/app:1`)
  assert.equal(await pull(az.home, `${loginServer}/team/app:1`), pushed)
})

step(
  'az acr login works for a further registry, by its login server, and signs in nowhere else',
  ['az', 'podman'],
  async () => {
    await createRegistry(server, other)
    await az.text('acr', 'login', '-n', otherLoginServer)
    await makeImage(az.home, 'localhost/tiny:2', 'for another registry\n')
    const pushed = await push(az.home, 'localhost/tiny:2', `${otherLoginServer}/team/app:1`)
    assert.equal(await pull(az.home, `${otherLoginServer}/team/app:1`), pushed)
    const { password } = keptLogin(az.home, otherLoginServer)
    assert.equal((await askAccessToken(server, { refreshToken: password }, [])).status, 401)
  },
)

step('az acr login --expose-token prints an ACR refresh token of three hours, in both fields', ['az'], async () => {
  const exposed = await az.json('acr', 'login', '-n', registry, '--expose-token')
  const token = stringAt(exposed, 'refreshToken')
  assert.deepEqual(exposed, { loginServer, username: nullGuid, accessToken: token, refreshToken: token })
  const claims = claimsOf(token)
  assert.partialDeepStrictEqual(claims, {
    iss: 'Azure Container Registry',
    aud: loginServer,
    version: '1.0',
    grant_type: 'refresh_token',
    sub: server.firstRun.servicePrincipal.appId,
    tenant: server.firstRun.tenantId,
  })
  assert.equal(Number(at(claims, 'exp')) - Number(at(claims, 'iat')), 3 * 60 * 60)
  assert.equal(at(claims, 'nbf'), at(claims, 'iat'))
  assert.doesNotMatch(String(token.split('.')[1]), /[-_]/)
})

step('the exposed token alone signs podman in as the null GUID, to push and to pull', ['az', 'podman'], async () => {
  const token = await az.text(
    'acr',
    'login',
    '--name',
    registry,
    '--expose-token',
    '--output',
    'tsv',
    '--query',
    'accessToken',
  )
  using fresh = azHome(server.caFile)
  const { env } = fresh.home
  const login = ['login', loginServer, '-u', nullGuid, '--password-stdin']
  const { stdout } = await mustRun('podman', login, { env, input: token })
  assert.match(stdout, /Login Succeeded/)
  await makeImage(fresh.home, 'localhost/tiny:3', 'by the null GUID\n')
  const pushed = await push(fresh.home, 'localhost/tiny:3', `${loginServer}/team/app:2`)
  assert.equal(await pull(fresh.home, `${loginServer}/team/app:2`), pushed)

  const spoilt = await run('podman', login, { env, input: `${token}x` })
  assert.notEqual(spoilt.code, 0)
  assert.match(spoilt.stderr, /unauthorized|invalid username\/password/i)
})

step('az acr login takes a name and password of the admin account', ['az', 'podman'], async () => {
  const admin = await enableAdmin(server)
  const signInAs = ['acr', 'login', '-n', registry, '-u', admin.username, '-p']
  await az.text(...signInAs, admin.password2)
  assert.deepEqual(keptLogin(az.home, loginServer), { username: admin.username, password: admin.password2 })
  await az.text('acr', 'update', '-n', registry, '--admin-enabled', 'false')
  const denied = await az.run([...signInAs, admin.password])
  assert.equal(denied.code, 1)
  assert.match(denied.stderr, /Login failed/)
})

step('az acr login asks for the ACR audience where the registry wants no ARM tokens', ['az', 'podman'], async () => {
  const policy = ['acr', 'config', 'authentication-as-arm']
  assert.deepEqual(await az.json(...policy, 'show', '-r', registry), { status: 'enabled' })
  assert.deepEqual(await az.json(...policy, 'update', '-r', registry, '--status', 'disabled'), { status: 'disabled' })
  await az.text('acr', 'login', '-n', registry)
  assert.deepEqual(await az.json(...policy, 'update', '-r', registry, '--status', 'enabled'), { status: 'enabled' })
})

step(
  'a principal that may only pull cannot read the registry in ARM, and signs in by the suffix',
  ['az', 'podman'],
  async () => {
    const reader = await principalWithRole(server, 'reader', roles.acrPull, other)
    using home = azHome(server.caFile, { DOCKER_COMMAND: 'podman' })
    await signIn(home, server, reader)
    assert.deepEqual(await home.json('acr', 'list'), [])
    await home.text('acr', 'login', '-n', other)
    await pull(home.home, `${otherLoginServer}/team/app:1`)
    await makeImage(home.home, 'localhost/tiny:4', 'must not arrive\n')
    const target = `${otherLoginServer}/team/app:9`
    const denied = await run('podman', ['push', 'localhost/tiny:4', target], { env: home.home.env })
    assert.notEqual(denied.code, 0)
    assert.match(denied.stderr, /unauthorized|denied/i)
  },
)

step(
  'a principal with AcrPush alone signs in to the first registry by its name, with a token and with podman, and pushes',
  ['az', 'podman'],
  async () => {
    const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
    using home = azHome(server.caFile, { DOCKER_COMMAND: 'podman' })
    await signIn(home, server, pusher)
    assert.deepEqual(await home.json('acr', 'list'), [])
    const guessed = `${registry}${loginServerSuffix(server)}`
    const exposed = await home.json('acr', 'login', '-n', registry, '--expose-token')
    const token = stringAt(exposed, 'accessToken')
    assert.deepEqual(exposed, { loginServer: guessed, username: nullGuid, accessToken: token, refreshToken: token })
    assert.partialDeepStrictEqual(claimsOf(token), { grant_type: 'refresh_token', sub: pusher.appId })
    using fresh = azHome(server.caFile)
    const login = ['login', loginServer, '-u', nullGuid, '--password-stdin']
    await mustRun('podman', login, { env: fresh.home.env, input: token })

    assert.match(await home.text('acr', 'login', '-n', registry), /Login Succeeded/)
    assert.equal(keptLogin(home.home, guessed).username, nullGuid)
    await makeImage(home.home, 'localhost/tiny:5', 'by AcrPush alone\n')
    const pushed = await push(home.home, 'localhost/tiny:5', `${guessed}/team/pushed:1`)
    assert.equal(await pull(home.home, `${guessed}/team/pushed:1`), pushed)
    assert.equal(await pull(fresh.home, `${loginServer}/team/pushed:1`), pushed, 'both hosts have the same images')
  },
)

step('a principal without a role here gets the message that access was denied', ['az'], async () => {
  const stranger = await createServicePrincipal(server, 'stranger')
  using home = azHome(server.caFile)
  await signIn(home, server, stranger).catch(async (cause: unknown) => {
    assert.match(String(cause), /No subscriptions found/)
    await home.text(
      'login',
      '--service-principal',
      '--allow-no-subscriptions',
      '-u',
      stranger.appId,
      '--password',
      secretFile(stranger.password),
      '--tenant',
      server.firstRun.tenantId,
    )
  })
  const denied = await home.run(['acr', 'login', '-n', other, '--expose-token'])
  assert.notEqual(denied.code, 0)
  assert.equal(denied.stdout.trim(), '')
})

step('without a container client az names its own error and points at --expose-token', ['az'], async () => {
  const ran = await az.run(['acr', 'login', '-n', registry], { DOCKER_COMMAND: '/no/such' })
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /An error occurred: DOCKER_COMMAND_ERROR\nPlease verify if Docker client is installed/)
  assert.match(ran.stderr, new RegExp(`az acr login -n ${registry} --expose-token`))
})
