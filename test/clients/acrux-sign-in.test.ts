import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { mustRun, run } from '../harness/clients.ts'
import { browserFor } from '../harness/browser.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { nullGuid } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { expectStatus, graph, principalWithRole, roles } from '../harness/arm.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'
import { claimsOf, step } from './az/az.ts'
import { keptLogin, makeImage, pull, push } from './az/podman.ts'
import { signInByDevice } from './lib/sign-in-by-device.ts'

const server = await startServer()
const browser = browserFor(server)
const acrux = acruxClient()
/** podman trusts the certificate authority of the server. */
const trusting = acruxClient(server.caFile)
after(async () => {
  acrux[Symbol.dispose]()
  trusting[Symbol.dispose]()
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const { registry, loginServer, subscriptionId, tenantId, owner, servicePrincipal, resourceManager } = server.firstRun
const secret = { input: `${servicePrincipal.password}\n` }
const atServer = ['login', '--server', resourceManager, '--ca-file', server.caFile]

test('acrux login signs a service principal in, with a secret from standard input', async () => {
  const accounts = await acrux.json(principalLogin(server), secret)
  assert.partialDeepStrictEqual(accounts, [
    {
      cloudName: `localhost:${server.port}`,
      id: subscriptionId,
      isDefault: true,
      state: 'Enabled',
      tenantId,
      user: { name: servicePrincipal.appId, type: 'servicePrincipal' },
    },
  ])
  assert.equal(await acrux.text(['account', 'show', '--query', 'id', '-o', 'tsv']), subscriptionId)
  const token = await acrux.json(['account', 'get-access-token', '--resource', 'https://containerregistry.azure.net'])
  assert.partialDeepStrictEqual(claimsOf(stringAt(token, 'accessToken')), {
    appid: servicePrincipal.appId,
    tid: tenantId,
  })
})

test('the files of the profile are readable for their user only', () => {
  assert.equal(statSync(acrux.configDir).mode & 0o777, 0o700)
  const files = readdirSync(acrux.configDir)
  assert.deepEqual(files.toSorted(), ['lock', 'profile.json', 'secrets.json'])
  for (const file of files) assert.equal(statSync(join(acrux.configDir, file)).mode & 0o777, 0o600, file)
  assert.ok(!readFileSync(join(acrux.configDir, 'profile.json'), 'utf8').includes(servicePrincipal.password))
})

test('acrux login takes the secret from a file or a variable', async () => {
  const file = join(acrux.home.path, 'secret')
  writeFileSync(file, `${servicePrincipal.password}\n`, { mode: 0o600 })
  const who = ['--service-principal', '-u', servicePrincipal.appId, '--tenant', tenantId]
  await acrux.text([...atServer, ...who, '-p', `@${file}`])
  await acrux.text([...atServer, ...who], { env: { ACRUX_CLIENT_SECRET: servicePrincipal.password } })
})

test('acrux login reports a wrong secret with the message of the server, and exit code 1', async () => {
  await acrux.fails(1, /AADSTS7000215/, principalLogin(server), { input: 'wrong' })
})

step('acrux acr login signs podman in, which pushes and pulls', ['podman'], async () => {
  await trusting.text(principalLogin(server), secret)
  const podman = { env: { DOCKER_COMMAND: 'podman' } }
  assert.match(await trusting.text(['acr', 'login', '-n', registry], podman), /Login Succeeded/)
  const kept = keptLogin(trusting.home, loginServer)
  assert.equal(kept.username, nullGuid)
  assert.partialDeepStrictEqual(claimsOf(kept.password), { grant_type: 'refresh_token', aud: loginServer })
  await makeImage(trusting.home, 'localhost/tiny:1', 'by acrux acr login\n')
  const pushed = await push(trusting.home, 'localhost/tiny:1', `${loginServer}/team/app:1`)
  assert.equal(await pull(trusting.home, `${loginServer}/team/app:1`), pushed)
})

step('a narrowed login of podman can pull, and cannot push', ['podman'], async () => {
  const narrow = ['--scope', 'repository:team/app:pull', '--ttl', '15m']
  await trusting.text(['acr', 'login', '-n', registry, ...narrow], { env: { DOCKER_COMMAND: 'podman' } })
  await pull(trusting.home, `${loginServer}/team/app:1`)
  await assert.rejects(
    push(trusting.home, `${loginServer}/team/app:1`, `${loginServer}/team/app:2`),
    /denied|unauthorized/i,
  )
  const claims = claimsOf(keptLogin(trusting.home, loginServer).password) as {
    readonly exp: number
    readonly iat: number
  }
  assert.equal(claims.exp - claims.iat, 900)
})

test('acrux acr login --expose-token needs no container client', async () => {
  const exposed = await acrux.json(['acr', 'login', '-n', registry, '--expose-token'], { env: { PATH: '/nowhere' } })
  const token = stringAt(exposed, 'refreshToken')
  assert.deepEqual(exposed, { accessToken: token, loginServer, refreshToken: token, username: nullGuid })
})

test('without a container client, acrux acr login prints the error of az and the hint', async () => {
  const says =
    /may want to use 'acrux acr login -n \w+ --expose-token'[^]*An error occurred: DOCKER_COMMAND_ERROR\nacrux: Please verify if Docker client is installed and running\./
  await acrux.fails(1, says, ['acr', 'login', '-n', registry], { env: { PATH: '/nowhere' } })
})

test('the secret of a login is not an argument of the container client', async () => {
  const client = join(acrux.home.path, 'client')
  const record = join(acrux.home.path, 'arguments')
  writeFileSync(client, `#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "$@" > '${record}'\ncat > '${record}.stdin'\n`)
  chmodSync(client, 0o700)
  await acrux.text(['acr', 'login', '-n', registry], { env: { DOCKER_COMMAND: client } })
  assert.equal(readFileSync(record, 'utf8').trim(), `login --username ${nullGuid} --password-stdin ${loginServer}`)
  assert.partialDeepStrictEqual(claimsOf(readFileSync(`${record}.stdin`, 'utf8')), { grant_type: 'refresh_token' })
})

step('acrux login signs in with a certificate, once the application has it', ['openssl'], async () => {
  const program = await principalWithRole(server, 'with-certificate', roles.reader)
  const file = join(acrux.home.path, 'app.pem')
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${file}.key`, '-out', `${file}.cert`]
  await mustRun('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=app'], { env: acrux.home.env })
  const certificate = readFileSync(`${file}.cert`, 'utf8')
  writeFileSync(file, readFileSync(`${file}.key`, 'utf8') + certificate, { mode: 0o600 })
  const login = ['--service-principal', '-u', program.appId, '--tenant', tenantId, '--certificate', file]
  await acrux.fails(1, /AADSTS700027/, [...atServer, ...login])
  const keyCredentials = [
    { type: 'AsymmetricX509Cert', usage: 'Verify', key: new X509Certificate(certificate).raw.toString('base64') },
  ]
  const application = `/applications/${program.applicationObjectId}`
  expectStatus(await graph(server, 'PATCH', application, { keyCredentials }), 204)
  for (const chain of [[], ['--use-cert-sn-issuer']]) {
    const [account] = listAt(await acrux.json([...atServer, ...login, ...chain]))
    assert.partialDeepStrictEqual(account, { user: { name: program.appId, type: 'servicePrincipal' } })
  }
})

step('acrux login signs in with a token of another issuer, and reads its file again', ['openssl'], async () => {
  await using issuer = await startTokenIssuer()
  await using another = await startServer({ args: trustArguments(issuer) })
  const program = await principalWithRole(another, 'job', roles.reader)
  const trust = { name: 'job', issuer: issuer.origin, subject: 'job', audiences: ['api://AzureADTokenExchange'] }
  const path = `/applications/${program.applicationObjectId}/federatedIdentityCredentials`
  expectStatus(await graph(another, 'POST', path, trust), 201)
  const file = join(acrux.home.path, 'token')
  const writeToken = () => writeFileSync(file, issuer.token({ sub: 'job', aud: 'api://AzureADTokenExchange' }))
  writeToken()
  const { firstRun } = another
  const place = ['--server', firstRun.resourceManager, '--ca-file', firstRun.caFile, '--tenant', firstRun.tenantId]
  using job = acruxClient()
  await job.text(['login', ...place, '--service-principal', '-u', program.appId, '--federated-token', `@${file}`])
  writeToken()
  const token = ['account', 'get-access-token', '--query', 'accessToken', '-o', 'tsv']
  const graphToken = await job.text([...token, '--resource-type', 'ms-graph'])
  assert.partialDeepStrictEqual(claimsOf(graphToken), { appid: program.appId })
  writeFileSync(file, 'malformed')
  await job.fails(1, /AADSTS/, ['account', 'get-access-token', '--resource', 'https://containerregistry.azure.net'])
})

test('acrux login --use-device-code signs a person in, and the sign-in renews itself', async () => {
  using person = acruxClient()
  const accounts = await signInByDevice(person, server, owner)
  assert.partialDeepStrictEqual(accounts, [{ user: { name: owner.userPrincipalName, type: 'user' } }])
  const secrets = join(person.configDir, 'secrets.json')
  const stored = JSON.parse(readFileSync(secrets, 'utf8')) as { signIns: Record<string, { tokens?: unknown }> }
  for (const each of Object.values(stored.signIns)) delete each.tokens
  writeFileSync(secrets, JSON.stringify(stored), { mode: 0o600 })
  const token = await person.text(['account', 'get-access-token', '--query', 'accessToken', '-o', 'tsv'])
  assert.partialDeepStrictEqual(claimsOf(token), { upn: owner.userPrincipalName, tid: tenantId })
  await person.text(['logout'])
  await person.fails(1, /Please run 'acrux login' to setup account/, ['account', 'show'])
  assert.ok(!readFileSync(secrets, 'utf8').includes('refreshToken'))
})

test('acrux login signs a person in with a real browser', async (t) => {
  if (!browser.isThere(t)) return
  using person = acruxClient()
  const opened = join(person.home.path, 'url')
  const program = join(person.home.path, 'browser')
  writeFileSync(program, `#!/bin/sh\nprintf '%s' "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`)
  chmodSync(program, 0o700)
  const login = person.run(atServer, { env: { BROWSER: program } })
  while (!existsSync(opened)) await sleep(100)
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(readFileSync(opened, 'utf8'))
  await page.getByLabel('User name').fill(owner.userPrincipalName)
  await page.getByLabel('Password').fill(owner.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Sign in to Acrux CLI?' }).waitFor()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('You are signed in. You can close this page.').waitFor()
  await context.close()
  const ran = await login
  assert.equal(ran.code, 0, ran.stderr)
  assert.partialDeepStrictEqual(JSON.parse(ran.stdout), [{ user: { name: owner.userPrincipalName, type: 'user' } }])
  assert.equal(listAt(await person.json(['account', 'list'])).length, 1)
})

test('50 commands at once do not corrupt the profile', async () => {
  using client = acruxClient()
  const names = Array.from({ length: 50 }, (_, index) => `cloud-${index}`)
  const at = ['--endpoint-resource-manager', resourceManager, '--ca-file', server.caFile]
  const ran = await Promise.all(names.map((name) => client.run(['cloud', 'register', '-n', name, ...at])))
  assert.deepEqual(
    ran.filter(({ code }) => code !== 0).map(({ stderr }) => stderr),
    [],
  )
  const registered = listAt(await client.json(['cloud', 'list', '--query', '[].name'])).map(String)
  assert.deepEqual(registered.toSorted(), ['AzureCloud', ...names].toSorted())
})

test('a malformed profile is a clear error', async () => {
  using client = acruxClient()
  await client.text([
    'cloud',
    'register',
    '-n',
    'acrux',
    '--endpoint-resource-manager',
    resourceManager,
    '--ca-file',
    server.caFile,
  ])
  const file = join(client.configDir, 'profile.json')
  for (const content of [
    '{',
    '[]',
    '{"version":2}',
    '{"version":1,"activeCloud":"x","clouds":[{}],"signIns":[],"subscriptions":[]}',
  ]) {
    writeFileSync(file, content, { mode: 0o600 })
    await client.fails(1, /profile\.json cannot be used: /, ['account', 'show'])
  }
  writeFileSync(file, '{}', { mode: 0o600 })
  chmodSync(file, 0o644)
  await client.fails(1, /other users can access/, ['account', 'show'])
})

test('a server with an unknown certificate authority is not trusted without a confirmation', async () => {
  using client = acruxClient()
  const login = ['login', '--server', resourceManager, '--use-device-code']
  await client.fails(1, /fingerprint|does not provide the certificate authority/, login)
  const denied = /the request to https:\/\/localhost:1 failed: the connection was refused/
  await client.fails(1, denied, ['login', '--server', 'https://localhost:1'])
  await client.fails(1, denied, ['login', 'localhost:1'])
  await client.fails(2, /is not HOST, HOST:PORT or a URL that begins with https/, ['login', 'http://localhost:1'])
  await client.fails(2, /name the server only once/, ['login', 'localhost:1', '--server', 'localhost:2'])
})

test('acrux login --first-run signs in with what the first start created, and asks nothing', async () => {
  using fresh = acruxClient()
  const at = ['login', '--first-run', '--data-dir', server.dataDir]
  assert.partialDeepStrictEqual(await fresh.json(at), [{ user: { name: servicePrincipal.appId }, tenantId }])
  assert.equal(await fresh.text(['acr', 'show', '-n', registry, '--query', 'loginServer', '-o', 'tsv']), loginServer)
  await fresh.fails(2, /--first-run cannot be combined with options/, [...at, '-u', 'other'])
  await fresh.fails(2, /--data-dir needs --first-run/, ['login', '--data-dir', server.dataDir])
  const nowhere = ['login', '--first-run', '--data-dir', join(fresh.home.path, 'none')]
  await fresh.fails(13, /first-run\.json does not exist or cannot be read\n +.*acrux owner reset/, nowhere)
})

step('on a terminal, acrux login shows the fingerprint of the served authority and asks', ['script'], async () => {
  const fingerprint = new X509Certificate(readFileSync(server.caFile)).fingerprint256
  const login = ['login', '--server', resourceManager, '--service-principal', '-u', servicePrincipal.appId]
  const command = [process.execPath, mainFile, ...login, '--tenant', tenantId].map((word) => `'${word}'`).join(' ')
  for (const [answer, code] of [
    ['n', 1],
    ['y', 0],
  ] as const) {
    using client = acruxClient()
    const env = {
      ...client.home.env,
      ACRUX_CONFIG_DIR: client.configDir,
      ACRUX_CLIENT_SECRET: servicePrincipal.password,
    }
    const ran = await run('script', ['-qec', command, '/dev/null'], { env, input: `${answer}\n` })
    assert.equal(ran.code, code, ran.stdout)
    assert.ok(ran.stdout.includes(fingerprint), ran.stdout)
    assert.equal(existsSync(join(client.configDir, 'profile.json')), answer === 'y')
    if (answer === 'y') assert.match(await client.text(['acr', 'login', '-n', registry, '-t']), /refreshToken/)
  }
})

test('without a terminal and without docker, commands that need them say what to do instead', async () => {
  const nothing = { env: { PATH: '/nowhere' } }
  await acrux.fails(1, /install docker, podman or nerdctl/, ['acr', 'login', '-n', registry, '-u', 'device'], nothing)
  const client = { env: { DOCKER_COMMAND: 'true' } }
  const says = /Please specify both username and password in non-interactive mode\.\n {7}pass the password on standard/
  await acrux.fails(1, says, ['acr', 'login', '-n', registry, '-u', 'device'], client)
})
