import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { arm, createServicePrincipal, expectStatus, principalWithRole, registryId, roles } from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { mustRun, run, type Ran } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, nullGuid, pushImage } from '../harness/registry.ts'
import { createScopedToken } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { createIdentity, startMachine } from '../machines/machine.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'
import { claimsOf, step } from './az/az.ts'
import { createKubelet, readProviders } from './lib/kubelet.ts'

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
const acrux = acruxClient()
const kubelet = createKubelet()
after(async () => {
  acrux[Symbol.dispose]()
  kubelet[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})
const { registry, loginServer, servicePrincipal, resourceGroup } = server.firstRun
before(async () => {
  await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))
  await acrux.text(principalLogin(server), { input: servicePrincipal.password })
})

const image = `${loginServer}/team/app:1`
const secretCommand = ['acr', 'pull-secret', '-n', registry]

/** The login in a pull secret. */
function loginIn(secret: unknown): { username: string; password: string } {
  const config: unknown = JSON.parse(
    Buffer.from(stringAt(secret, 'data', '.dockerconfigjson'), 'base64').toString('utf8'),
  )
  const [username, password] = [
    stringAt(config, 'auths', loginServer, 'username'),
    stringAt(config, 'auths', loginServer, 'password'),
  ]
  assert.equal(
    Buffer.from(stringAt(config, 'auths', loginServer, 'auth'), 'base64').toString('utf8'),
    `${username}:${password}`,
  )
  return { username, password }
}

let pulls = 0

/** Pulls with the file that a node makes of a pull secret. */
function pullWith(secret: unknown, name = image): Promise<Ran> {
  const file = join(acrux.home.path, `auth-${++pulls}.json`)
  writeFileSync(file, Buffer.from(stringAt(secret, 'data', '.dockerconfigjson'), 'base64'), { mode: 0o600 })
  const env = { ...acrux.home.env, SSL_CERT_FILE: server.caFile }
  return run('skopeo', ['copy', '--authfile', file, `docker://${name}`, `dir:${file}.image`], { env })
}

step('acrux acr pull-secret prints what kubectl creates', ['kubectl'], async () => {
  const secret = await acrux.json([...secretCommand, '--namespace', 'team', '--secret-name', 'pull'])
  const password = 'placeholder'
  const args = [`--docker-server=${loginServer}`, `--docker-username=${nullGuid}`, `--docker-password=${password}`]
  const create = ['create', 'secret', 'docker-registry', 'pull', '-n', 'team', '--dry-run=client', '-o', 'json']
  const { stdout } = await mustRun('kubectl', [...create, ...args], { env: acrux.home.env })
  const created: unknown = JSON.parse(stdout)
  assert.equal(loginIn(created).password, password)
  const withoutData = (document: unknown): unknown => ({ ...(document as object), data: undefined })
  assert.partialDeepStrictEqual(withoutData(created), withoutData(secret))
  assert.deepEqual(Object.keys(at(secret, 'data') as object), ['.dockerconfigjson'])
  assert.equal(loginIn(secret).username, nullGuid)
})

step('a pull secret of the own account pulls, also by the login server and as YAML', ['skopeo'], async () => {
  const secret = await acrux.json(['acr', 'pull-secret', '-n', loginServer])
  assert.equal((await pullWith(secret)).code, 0)
  assert.equal(stringAt(secret, 'metadata', 'name'), 'acrux-pull')
  assert.equal(at(secret, 'metadata', 'namespace'), undefined)
  assert.match(await acrux.text([...secretCommand, '-o', 'yaml']), /^type: kubernetes\.io\/dockerconfigjson$/m)
})

step('a pull secret is narrowed to a repository and a time', ['skopeo'], async () => {
  const secret = await acrux.json([...secretCommand, '--scope', 'repository:team/other:pull', '--ttl', '15m'])
  const claims = claimsOf(loginIn(secret).password)
  const life = Number(at(claims, 'exp')) - Number(at(claims, 'iat'))
  assert.ok(life <= 900, String(life))
  assert.notEqual((await pullWith(secret)).code, 0)
})

step('a pull secret of a scoped token has a new password, and the earlier one is invalid', ['skopeo'], async () => {
  await createScopedToken(server, 'cluster', '_repositories_pull')
  const command = [...secretCommand, '--token', 'cluster', '--password1']
  const first = await acrux.json(command)
  assert.equal(loginIn(first).username, 'cluster')
  assert.equal((await pullWith(first)).code, 0)
  const second = await acrux.json([...command, '--expiration-in-days', '90'])
  assert.equal((await pullWith(second)).code, 0)
  assert.notEqual((await pullWith(first)).code, 0)
  const shown = await acrux.json(['acr', 'token', 'show', '-r', registry, '-n', 'cluster'])
  const password1 = listAt(shown, 'credentials', 'passwords').find((each) => at(each, 'name') === 'password1')
  const days = (Date.parse(stringAt(password1, 'expiry')) - Date.now()) / 86_400_000
  assert.ok(days > 89 && days < 91, String(days))
})

step('a pull secret of a service principal takes the secret from standard input or a file', ['skopeo'], async () => {
  const { appId, password } = await principalWithRole(server, 'puller', roles.acrPull)
  const secret = await acrux.json([...secretCommand, '-u', appId, '-p', '-'], { input: `${password}\n` })
  assert.deepEqual(loginIn(secret), { username: appId, password })
  assert.equal((await pullWith(secret)).code, 0)
  const file = join(acrux.home.path, 'puller.secret')
  writeFileSync(file, password, { mode: 0o600 })
  assert.deepEqual(await acrux.json([...secretCommand, '-u', appId, '-p', `@${file}`]), secret)
})

test('acrux acr pull-secret denies secrets in arguments, and names that Kubernetes does not accept', async () => {
  // prettier-ignore
  const cases: readonly [args: readonly string[], says: RegExp][] = [
    [['-u', 'device', '-p', 'hunter2'],        /--password must be - or @FILE/],
    [['-u', 'device'],                         /this question needs a terminal/],
    [['-p', '-'],                              /--password needs --username/],
    [['--namespace', 'Team'],                  /--namespace must be/],
    [['--secret-name', 'a/b'],                 /--secret-name must/],
    [['--token', 'cluster'],                   /needs --password1 or --password2/],
    [['--token', 'cluster', '--ttl', '1h'],    /cannot be combined/],
    [['--password1'],                          /need --token/],
    [['-u', 'device', '-p', '-', '--ttl', '1h'], /cannot be combined/],
  ]
  for (const [args, says] of cases) {
    const ran = await acrux.run([...secretCommand, ...args])
    assert.equal(ran.stdout, '')
    assert.match(ran.stderr, says)
    assert.ok(ran.code === 1 || ran.code === 2, String(ran.code))
  }
})

/** A plug-in of the kubelet that gets tokens of service accounts. */
const [provider] = readProviders(
  JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1',
    kind: 'CredentialProviderConfig',
    providers: [
      {
        name: 'acrux-credential-provider',
        matchImages: [loginServer],
        defaultCacheDuration: '10m',
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        args: ['--registry', loginServer, '--ca-file', server.caFile],
        tokenAttributes: {
          serviceAccountTokenAudience: loginServer,
          requireServiceAccount: true,
          cacheType: 'ServiceAccount',
        },
      },
    ],
  }),
)

const podOf = (subject: string) => ({ token: (aud: string) => issuer.token({ sub: subject, aud }) })

for (const kind of ['identity', 'app'] as const) {
  test(`acrux acr attach lets a service account pull, with --${kind}, and detach ends it`, async () => {
    assert.ok(provider !== undefined)
    const subject = `system:serviceaccount:team:${kind}`
    const who =
      kind === 'identity'
        ? ['--identity', stringAt(await acrux.json(['identity', 'create', '-g', resourceGroup, '-n', 'pods']), 'name')]
        : ['--app', (await createServicePrincipal(server, 'pods')).appId]
    const flags = ['-n', registry, ...who, '--service-account', `team/${kind}`, '--issuer', issuer.origin]
    const planned = await acrux.json(['acr', 'attach', ...flags, '--dry-run'])
    assert.partialDeepStrictEqual(planned, {
      roleAssignment: 'would be created',
      federatedCredential: 'would be created',
    })
    await kubelet.fails(provider, /401/, `${loginServer}/team/app`, podOf(subject))
    await acrux.fails(1, /confirmation is required: Assign AcrPull on .+trust system:serviceaccount:team/, [
      'acr',
      'attach',
      ...flags,
    ])
    const attached = await acrux.json(['acr', 'attach', ...flags, '--yes'])
    assert.partialDeepStrictEqual(attached, {
      registry,
      loginServer,
      role: 'AcrPull',
      roleAssignment: 'created',
      serviceAccount: subject,
      audience: loginServer,
      federatedCredential: 'created',
    })
    const { auth } = await kubelet.ask(provider, `${loginServer}/team/app`, podOf(subject))
    assert.partialDeepStrictEqual(claimsOf(auth[loginServer]?.password ?? ''), {
      appid: stringAt(attached, 'clientId'),
    })
    const again = await acrux.json(['acr', 'attach', ...flags])
    assert.partialDeepStrictEqual(again, { roleAssignment: 'present', federatedCredential: 'present' })
    await acrux.fails(1, /for the audience .+, not for other/, ['acr', 'attach', ...flags, '--audience', 'other'])

    assert.partialDeepStrictEqual(await acrux.json(['acr', 'detach', ...flags, '--dry-run']), {
      federatedCredential: 'would be deleted',
    })
    assert.partialDeepStrictEqual(await acrux.json(['acr', 'detach', ...flags, '--yes']), {
      federatedCredential: 'deleted',
    })
    await kubelet.fails(provider, /401/, `${loginServer}/team/app`, podOf(subject))
    assert.partialDeepStrictEqual(await acrux.json(['acr', 'detach', ...flags, '--yes']), {
      federatedCredential: 'absent',
    })
  })
}

test('acrux acr attach gives a managed identity and a machine the role for pulls, and detach removes it', async () => {
  const nodes = await createIdentity(server, 'nodes')
  await using machine = await startMachine(server, 'node-1')
  for (const [name, objectId] of [
    ['nodes', nodes.objectId],
    [nodes.id, nodes.objectId],
    [nodes.clientId, nodes.objectId],
    [machine.own.objectId, machine.own.objectId],
  ] as const) {
    const flags = ['-n', registry, '--identity', name, '--yes']
    assert.partialDeepStrictEqual(await acrux.json(['acr', 'attach', ...flags]), {
      objectId,
      roleAssignment: 'created',
    })
    const list = ['role', 'assignment', 'list', '--assignee', objectId, '--scope', registryId(server)]
    assert.partialDeepStrictEqual(await acrux.json(list), [{ roleDefinitionName: 'AcrPull' }])
    assert.partialDeepStrictEqual(await acrux.json(['acr', 'detach', ...flags]), { roleAssignment: 'deleted' })
    assert.deepEqual(await acrux.json(list), [])
  }
})

test('acrux acr attach assigns the role for data if the registry uses conditions', async () => {
  const made = await arm(server, 'PUT', registryId(server, 'conditions'), {
    location: 'local',
    sku: { name: 'Premium' },
    properties: { roleAssignmentMode: 'AbacRepositoryPermissions' },
  })
  expectStatus(made, 200, 201)
  await createIdentity(server, 'readers')
  const attached = await acrux.json(['acr', 'attach', '-n', 'conditions', '--identity', 'readers', '--yes'])
  assert.partialDeepStrictEqual(attached, { role: 'Container Registry Repository Reader', roleAssignment: 'created' })
})

test('acrux acr attach allows all repositories to an identity whose role is limited to some', async () => {
  const { objectId } = await createIdentity(server, 'limited')
  const on = ['-n', 'conditions']
  await acrux.text(['acr', 'grant', objectId, 'pull', 'team/*', ...on])
  const attach = ['acr', 'attach', ...on, '--identity', 'limited']
  const planned = await acrux.json([...attach, '--dry-run'])
  assert.partialDeepStrictEqual(planned, { roleAssignment: 'would be changed' })
  assert.partialDeepStrictEqual(await acrux.json([...attach, '--yes']), { roleAssignment: 'changed' })
  const can = await acrux.run(['acr', 'can', objectId, 'pull', 'other/app', ...on])
  assert.equal(can.code, 0, can.stdout + can.stderr)
  assert.partialDeepStrictEqual(await acrux.json([...attach, '--yes']), { roleAssignment: 'present' })
})

test('acrux acr attach says what is missing', async () => {
  const sa = ['--service-account', 'team/web']
  const attach = ['acr', 'attach', '-n', registry]
  await acrux.fails(1, /there is no managed identity absent/, [...attach, '--identity', 'absent'])
  await acrux.fails(2, /--identity or --app/, attach)
  await acrux.fails(2, /needs the --issuer/, [...attach, '--identity', 'nodes', ...sa])
  await acrux.fails(2, /must be NAMESPACE\/NAME/, [
    ...attach,
    '--identity',
    'nodes',
    '--service-account',
    'web',
    '--issuer',
    issuer.origin,
  ])
  await acrux.fails(2, /--issuer needs/, [...attach, '--identity', 'nodes', '--issuer', issuer.origin])
})

const check = ['acr', 'check-acr', '-n', registry]
const allChecks = ['names', 'connection', 'certificate', 'clock', 'challenge', 'login', 'token', 'manifest', 'blob']

function resultsOf(rows: unknown): string[] {
  return listAt(rows).map((row) => `${stringAt(row, 'check')} ${stringAt(row, 'status')}`)
}

/** Requires that one check fails, and that those that need it are skipped. */
async function failsAt(name: string, says: RegExp, nextStep: RegExp, args: readonly string[]): Promise<void> {
  const ran = await acrux.run([...args, '-o', 'json'])
  assert.equal(ran.code, 1, ran.stderr)
  const rows = listAt(JSON.parse(ran.stdout))
  const failed = rows.filter((row) => at(row, 'status') === 'failed')
  assert.deepEqual(
    failed.map((row) => stringAt(row, 'check')),
    [name],
  )
  assert.match(stringAt(failed[0], 'detail'), says)
  assert.match(stringAt(failed[0], 'nextStep'), nextStep)
  if (name !== 'blob') assert.equal(stringAt(rows.at(-1), 'status'), 'skipped')
}

test('acrux acr check-acr takes every step of a pull', async () => {
  const rows = await acrux.json([...check, '--image', 'team/app:1', '-o', 'json'])
  assert.deepEqual(
    resultsOf(rows),
    allChecks.map((name) => `${name} ok`),
  )
  const text = await acrux.text([...check, '--image', 'team/app:1'])
  assert.match(text, /^ok +names +localhost is /m)
  assert.match(text, /^ok +blob +sha256:/m)
  const login = await acrux.json([...check, '-o', 'json'])
  assert.deepEqual(
    resultsOf(login),
    allChecks.slice(0, 6).map((name) => `${name} ok`),
  )
  assert.match(await acrux.text([...check, '-o', 'table']), /^Check +Status +Detail/m)
})

test('acrux acr check-acr names the step that fails, and the next step', async () => {
  const reader = await createServicePrincipal(server, 'nobody')
  const file = join(acrux.home.path, 'nobody.secret')
  writeFileSync(file, reader.password, { mode: 0o600 })
  const wrong = join(acrux.home.path, 'wrong.secret')
  writeFileSync(wrong, 'wrong', { mode: 0o600 })
  const as = (secretFile: string) => ['-u', reader.appId, '-p', `@${secretFile}`]
  const withImage = [...check, '--image', 'team/app:1']
  await failsAt('token', /does not allow pulls from team\/app/, /acrux acr attach/, [...withImage, ...as(file)])
  await failsAt('token', /issued no access token: status 401/, /acrux acr why/, [...withImage, ...as(wrong)])
  await failsAt('manifest', /manifest/i, /acrux acr repository show-tags/, [...check, '--image', 'team/app:absent'])
  const closed = `localhost:${await freePort()}`
  const direct = ['acr', 'check-acr', '--image', 'team/app:1', ...as(file)]
  await failsAt('connection', /does not respond/, /check that the server is running/, [...direct, '-n', closed])
  await failsAt('certificate', /untrusted certificate authority/, /--ca-file/, [...direct, '-n', loginServer])
  await failsAt('challenge', /no registry is served at the host/, /login server of a registry/, [
    ...direct,
    '-n',
    `127.0.0.1:${server.port}`,
    '--ca-file',
    server.caFile,
  ])
})

test('acrux acr check-acr on a node logs in as the kubelet does, and nobody is signed in', async () => {
  using node = acruxClient()
  const subject = 'system:serviceaccount:team:checked'
  await createIdentity(server, 'checked')
  const attach = ['acr', 'attach', '-n', registry, '--identity', 'checked', '--service-account', 'team/checked']
  const config = join(node.home.path, 'credential-provider-config.yaml')
  const token = join(node.home.path, 'token')
  const entry = { name: 'acrux-credential-provider', args: [`--registry=${loginServer}`, `--ca-file=${server.caFile}`] }
  writeFileSync(config, JSON.stringify({ providers: [entry] }))
  writeFileSync(token, issuer.token({ sub: subject, aud: loginServer }))
  const target = ['acr', 'check-acr', '-n', loginServer, '--image', 'team/app:1']
  const onNode = [...target, '--credential-provider-config', config, '--service-account-token', token]
  const before = await node.run(onNode)
  assert.equal(before.code, 1)
  assert.match(before.stdout, /^failed +login .*401/m)
  await acrux.json([...attach, '--issuer', issuer.origin, '--yes'])
  const passed = await node.run(onNode)
  assert.equal(passed.code, 0, passed.stdout)
  assert.match(passed.stdout, /^ok +blob/m)
  writeFileSync(
    config,
    JSON.stringify({ providers: [{ ...entry, args: ['--registry=other.example.com', `--ca-file=${server.caFile}`] }] }),
  )
  const foreign = await node.run(onNode)
  assert.match(foreign.stdout, /^failed +login +acrux-credential-provider is not configured for/m)
  const nobody = await node.run(['acr', 'check-acr', '-n', loginServer])
  assert.equal(nobody.code, 1)
  assert.match(nobody.stderr, /Please run 'acrux login'/)
})
