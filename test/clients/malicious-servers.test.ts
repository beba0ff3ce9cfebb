import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after } from 'node:test'
import { clientHome, run } from '../harness/clients.ts'
import { startServer } from '../harness/server.ts'
import { serveHttps, type HttpsServer } from '../harness/token-issuer.ts'
import { type AcruxClient, acruxClient, principalLogin } from './acrux/acrux.ts'
import { step } from './az/az.ts'
import { root } from './lib/examples.ts'
import { createKubelet, type Provider } from './lib/kubelet.ts'

await using setup = new AsyncDisposableStack()
const server = setup.use(await startServer())
const kubelet = setup.use(createKubelet())
const whole = setup.move()
after(() => whole.disposeAsync())

const secret = 'eyJhbGciOiJub25lIn0.e30.the-secret-of-the-pod'

function hostOf({ origin }: HttpsServer): string {
  return new URL(origin).host
}

/** A server that answers with a function of the path; other paths are not found. It keeps the bodies of requests. */
async function startMalicious(answers: Readonly<Record<string, (origin: string) => RequestListener>>) {
  const bodies: string[] = []
  const served = await serveHttps((origin) => (incoming, response) => {
    incoming.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
    const answer = answers[incoming.url?.split('?')[0] ?? '']
    if (answer === undefined) response.writeHead(404).end()
    else answer(origin)(incoming, response)
  })
  return { ...served, bodies, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() }
}

function challengeWith(realm: string): RequestListener {
  return (_incoming, response) =>
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="registry"` }).end()
}

/** The plug-in of the kubelet for a registry. */
function providerOf(registry: HttpsServer, args: readonly string[] = [], env: Provider['env'] = []): Provider {
  return {
    name: 'acrux-credential-provider',
    matchImages: [hostOf(registry)],
    args: ['--registry', hostOf(registry), '--ca-file', registry.caFile, ...args],
    env,
    tokenAttributes: {
      serviceAccountTokenAudience: 'registry',
      requireServiceAccount: true,
      cacheType: 'Token',
      requiredServiceAccountAnnotationKeys: [],
      optionalServiceAccountAnnotationKeys: [],
    },
  }
}

const pod = { token: () => secret }

step('a registry that names another host as its place of tokens gets no token', ['openssl'], async () => {
  await using other = await startMalicious({})
  const realm = `https://127.0.0.1:${new URL(other.origin).port}/oauth2/token`
  await using registry = await startMalicious({ '/v2/': () => challengeWith(realm) })
  await kubelet.fails(
    providerOf(registry),
    /which is on a different host, so acrux sends no credentials/,
    `${hostOf(registry)}/app`,
    pod,
  )
  assert.deepEqual(registry.requests, ['/v2/'])
})

step('a redirect of the exchange does not lead the token to another server', ['openssl'], async () => {
  await using other = await startMalicious({})
  await using registry = await startMalicious({
    '/v2/': (origin) => challengeWith(`${origin}/oauth2/token`),
    '/oauth2/exchange': () => (_incoming, response) =>
      response.writeHead(307, { location: `${other.origin}/oauth2/exchange` }).end(),
  })
  await kubelet.fails(providerOf(registry), /was denied\. Response code: 307/, `${hostOf(registry)}/app`, pod)
  assert.deepEqual(other.requests, [])
})

step(
  'the correlation id of a server is shown only if it is an id, because it is a part of commands',
  ['openssl'],
  async () => {
    await using registry = await startMalicious({
      '/v2/': (origin) => challengeWith(`${origin}/oauth2/token`),
      '/oauth2/exchange': () => (_incoming, response) =>
        response.writeHead(401, { 'x-ms-correlation-request-id': '1; rm -rf ~' }).end(),
    })
    const ran = await kubelet.send(
      providerOf(registry),
      JSON.stringify({
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        kind: 'CredentialProviderRequest',
        image: `${hostOf(registry)}/app`,
        serviceAccountToken: secret,
      }),
    )
    assert.equal(ran.code, 1)
    assert.doesNotMatch(ran.stderr, /rm -rf/)
  },
)

step('the header of an identity endpoint is not sent to the proxy', ['openssl'], async () => {
  const seen: string[] = []
  const proxy = createServer((incoming, response) => {
    seen.push(`${incoming.url ?? ''} ${JSON.stringify(incoming.headers)}`)
    response.writeHead(502).end()
  })
  await using stack = new AsyncDisposableStack()
  stack.defer(() => void proxy.close())
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const at = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  await using registry = await startMalicious({})
  const env = Object.entries({
    HTTP_PROXY: at,
    http_proxy: at,
    NO_PROXY: '',
    no_proxy: '',
    IDENTITY_ENDPOINT: 'http://127.0.0.1:9/token',
    IDENTITY_HEADER: 'the-header',
  }).map(([name, value]) => ({ name, value }))
  const node = providerOf(registry, ['--auth', 'managed-identity'], env)
  await kubelet.fails(node, /127\.0\.0\.1:9 failed: the connection was refused/, `${hostOf(registry)}/app`, pod)
  assert.deepEqual(seen, [])
})

step(
  'of several certificates at /ca.pem, no other one is trusted than the one whose fingerprint is shown',
  ['openssl'],
  async () => {
    const genuine = readFileSync(server.caFile, 'utf8')
    let own = ''
    await using attacker = await startMalicious({
      '/ca.pem': () => (_incoming, response) => response.end(`${genuine}\n${own}`),
    })
    own = readFileSync(attacker.caFile, 'utf8')
    using client = acruxClient()
    const ran = await client.run(['login', '--server', attacker.origin, '--yes'])
    assert.equal(ran.code, 1)
    const [shown] = /fingerprint: (\S+)/.exec(ran.stderr)?.slice(1) ?? []
    assert.equal(shown, new X509Certificate(own).fingerprint256, ran.stderr)
  },
)

/** More than the buffers of two processes and of a connection between them. */
const tooManyBytes = 64 * 1024 * 1024

step('an endless certificate authority is not read to its end', ['openssl'], async () => {
  let sentBytes = 0
  const chunk = Buffer.alloc(64 * 1024, 'a')
  await using endless = await startMalicious({
    '/ca.pem': () => (_incoming, response) => {
      const send = (error?: Error | null): void => {
        if ((error !== undefined && error !== null) || sentBytes > tooManyBytes) return
        sentBytes += chunk.length
        response.write(chunk, send)
      }
      send()
    },
  })
  using client = acruxClient()
  const ran = await client.run(['login', '--server', endless.origin])
  assert.equal(ran.code, 1)
  assert.ok(sentBytes < tooManyBytes, `${sentBytes} bytes were sent`)
})

/** What a server says of itself: people sign in at another one. */
function metadataWith(resourceManager: string, loginEndpoint: string): RequestListener {
  const metadata = {
    name: 'Acrux',
    resourceManager,
    authentication: { loginEndpoint, audiences: ['https://management.core.windows.net/'] },
    suffixes: { acrLoginServer: new URL(resourceManager).host },
    microsoftGraphResourceId: `${resourceManager}/graph/`,
  }
  return (_incoming, response) => response.end(JSON.stringify(metadata))
}

step('a server that lets people sign in at another one gets no token without a confirmation', ['openssl'], async () => {
  await using attacker = await startMalicious({
    '/metadata/endpoints': (origin) => metadataWith(origin, server.baseUrl),
  })
  using client = acruxClient()
  const login = ['login', '--server', attacker.origin, '--ca-file', attacker.caFile]
  const { appId, password } = server.firstRun.servicePrincipal
  const who = ['--service-principal', '-u', appId, '-p', '-', '--tenant', server.firstRun.tenantId]
  const says = new RegExp(`uses the sign-in page at ${new URL(server.baseUrl).host}[^]+add --yes`)
  await client.fails(1, says, [...login, ...who], { input: password })
  assert.deepEqual(attacker.requests, ['/metadata/endpoints?api-version=2022-09-01'])
  assert.equal(existsSync(join(client.configDir, 'profile.json')), false)
})

/** A command that signs the first service principal in at a server. */
function loginAt({ origin, caFile }: Pick<HttpsServer, 'origin' | 'caFile'>): string[] {
  const { servicePrincipal, tenantId } = server.firstRun
  const who = ['--service-principal', '-u', servicePrincipal.appId, '-p', '-', '--tenant', tenantId]
  return ['login', '--server', origin, '--ca-file', caFile, ...who]
}

/** The files that a client has stored, with their contents. */
function storedBy({ configDir }: AcruxClient): Readonly<Record<string, string>> {
  const files = readdirSync(configDir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  return Object.fromEntries(files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'utf8')]))
}

step('a server that describes another one changes nothing that is stored of that one', ['openssl'], async () => {
  await using attacker = await startMalicious({
    '/metadata/endpoints': (origin) => metadataWith(server.baseUrl, origin),
  })
  using client = acruxClient()
  const { password } = server.firstRun.servicePrincipal
  await client.text(principalLogin(server), { input: password })
  await client.text(['env', 'docker'])
  const before = storedBy(client)
  const says = new RegExp(`describes another server: ${server.baseUrl}`)
  const named = ['--server', attacker.origin, '--ca-file', attacker.caFile]
  await client.fails(1, says, [...loginAt(attacker), '--yes'], { input: password })
  for (const each of ['docker', 'sdk', 'az']) await client.fails(1, says, ['env', each, ...named])
  const register = ['cloud', 'register', '-n', 'other', '--endpoint-resource-manager', attacker.origin]
  await client.fails(1, says, [...register, '--ca-file', attacker.caFile])
  assert.deepEqual(storedBy(client), before)
  assert.match(await client.text(['env', 'sdk']), new RegExp(`AZURE_AUTHORITY_HOST='?${server.baseUrl}`))
  const [, ...again] = principalLogin(server)
  await client.text(['login', ...again.slice(4)], { input: password })
  assert.deepEqual([...new Set(attacker.requests)], ['/metadata/endpoints?api-version=2022-09-01'])
})

step('a server is stored and becomes active only after a sign-in that succeeded', ['openssl'], async () => {
  await using attacker = await startMalicious({ '/metadata/endpoints': (origin) => metadataWith(origin, origin) })
  using client = acruxClient()
  const { password } = server.firstRun.servicePrincipal
  await client.fails(1, /./, loginAt(attacker), { input: 'a secret of this server alone' })
  assert.equal(existsSync(join(client.configDir, 'profile.json')), false)
  await client.text(principalLogin(server), { input: password })
  const before = storedBy(client)
  await client.fails(1, /./, loginAt(attacker), { input: 'a secret of this server alone' })
  assert.deepEqual(storedBy(client), before)
  assert.deepEqual(await client.json(['cloud', 'list', '--query', '[?isActive].name']), [`localhost:${server.port}`])
})

step('a server does not replace the subscription of another one that has the same id', ['openssl'], async () => {
  await using other = await startMalicious(answersWithoutEnd())
  using client = acruxClient()
  const { servicePrincipal, subscriptionId } = server.firstRun
  await client.text(principalLogin(server), { input: servicePrincipal.password })
  await client.text(loginAt(other), { input: 'a secret of this server alone' })
  assert.deepEqual(await client.json(['account', 'show', '--query', '[id, environmentName]']), [
    subscriptionId,
    hostOf(other),
  ])
  await client.text(['cloud', 'set', '-n', `localhost:${server.port}`])
  assert.deepEqual(await client.json(['account', 'show', '--query', '[id, environmentName]']), [
    subscriptionId,
    `localhost:${server.port}`,
  ])
  await client.text(['acr', 'list'])
})

step('the sign-ins of a cloud are not sent to other servers that get its name', ['openssl'], async () => {
  await using other = await startMalicious({ '/metadata/endpoints': (origin) => metadataWith(origin, origin) })
  using client = acruxClient()
  const { password } = server.firstRun.servicePrincipal
  const at = (origin: string, caFile: string) => ['--endpoint-resource-manager', origin, '--ca-file', caFile]
  await client.text(['cloud', 'register', '-n', hostOf(other), ...at(server.baseUrl, server.caFile)])
  const taken = /is registered with a different address[^]+acrux cloud unregister/
  await client.fails(1, taken, loginAt(other), { input: password })
  await client.text(principalLogin(server), { input: password })
  const moved = /and the new servers would receive the tokens/
  await client.fails(1, moved, ['cloud', 'update', '-n', hostOf(other), ...at(other.origin, other.caFile)])
  const active = ['cloud', 'update', '--endpoint-active-directory', other.origin]
  await client.fails(1, moved, active)
  await client.text(['cloud', 'set', '-n', 'AzureCloud'])
  await client.text(['cloud', 'unregister', '-n', hostOf(other)])
  assert.deepEqual(await client.json(['account', 'list', '--all', '--query', '[].id']), [])
  assert.deepEqual([...new Set(other.requests)], ['/metadata/endpoints?api-version=2022-09-01'])
})

step('a server cannot make clients send secrets without encryption', ['openssl'], async () => {
  await using attacker = await startMalicious({
    '/metadata/endpoints': (origin) => metadataWith(origin, origin.replace('https:', 'http:')),
  })
  using client = acruxClient()
  const login = ['login', '--server', attacker.origin, '--ca-file', attacker.caFile]
  await client.fails(1, /does not describe its endpoints/, login)
})

step('the token of an account is not sent to a registry of another cloud', ['openssl'], async () => {
  await using registry = await startMalicious({ '/v2/': (origin) => challengeWith(`${origin}/oauth2/token`) })
  using client = acruxClient(server.caFile)
  await client.text(principalLogin(server), { input: server.firstRun.servicePrincipal.password })
  for (const command of [['pull-secret'], ['check-acr'], ['login', '--expose-token'], ['login', '--helper']]) {
    const ran = await client.run(['acr', ...command, '-n', hostOf(registry)])
    assert.equal(ran.code, 1)
    assert.match(ran.stderr, /is not a registry of the cloud/)
  }
  assert.deepEqual(registry.requests, [])
  assert.deepEqual(registry.bodies, [])
})

/** The answers of a server to a service principal that signs in. It has one registry, and its lists have no end. */
function answersWithoutEnd(): Parameters<typeof startMalicious>[0] {
  const { tenantId, subscriptionId, registry } = server.firstRun
  const subscription = `/subscriptions/${subscriptionId}`
  const id = `${subscription}/resourceGroups/default/providers/Microsoft.ContainerRegistry/registries/${registry}`
  const document = { id, name: registry, properties: { loginServer: registry } }
  const always = (answer: object) => () => (_incoming: unknown, response: ServerResponse) =>
    response.end(JSON.stringify(answer))
  const endless = (path: string, more: object = {}) => ({ [path]: always({ value: [], nextLink: path, ...more }) })
  return {
    '/metadata/endpoints': (origin) => metadataWith(origin, origin),
    [`/${tenantId}/oauth2/v2.0/token`]: always({ token_type: 'Bearer', expires_in: 3599, access_token: secret }),
    '/subscriptions': always({ value: [{ id: subscription, subscriptionId, tenantId, state: 'Enabled' }] }),
    [`${subscription}/resources`]: always({ value: [document] }),
    [id]: always(document),
    ...endless(`${subscription}/providers/Microsoft.ContainerRegistry/registries`),
    ...endless(`${id}/allowedPrincipals`, { anonymous: false, adminAccount: false }),
    ...endless(`${id}/auditEvents`),
    '/graph/v1.0/servicePrincipals': always({ value: [], '@odata.nextLink': '/graph/v1.0/servicePrincipals' }),
  }
}

step('a server whose lists have no end does not keep a command running', ['openssl'], async () => {
  await using endless = await startMalicious(answersWithoutEnd())
  using client = acruxClient()
  const { registry } = server.firstRun
  const signedIn = await client.run(loginAt(endless), { input: 'not a secret of anyone' })
  assert.equal(signedIn.code, 0, signedIn.stderr)
  const before = endless.requests.length
  const commands = [
    [1, 'acr list'],
    [3, `acr who pull app -n ${registry}`],
    [1, `audit list -n ${registry}`],
    [1, 'ad sp list --all'],
  ] as const
  for (const [code, line] of commands)
    await client.fails(code, /links to an earlier page[^]+acrux cloud show/, line.split(' '))
  assert.ok(endless.requests.length - before < 20, endless.requests.join('\n'))
})

/** A registry whose denial contains commands of CI systems, in several forms of a line feed. */
const commands = ['##vso[task.setvariable variable=PATH]/evil', '::add-path::/evil']
const denial = commands
  .flatMap((command) => [
    `{"errors":[{"message":"denied"}]}`,
    `{"message":"${command}"}`,
    `{"message":"a\\n${command}"}`,
  ])
  .join('\n')

step('the message of a registry is no command of the CI system', ['openssl', 'curl', 'dash', 'bash'], async () => {
  await using registry = await startMalicious({ '/oauth2/token': () => (_incoming, response) => response.end(denial) })
  using home = clientHome()
  for (const [shell, system] of [
    ['dash', { GITHUB_ACTIONS: 'true' }],
    ['bash', { TF_BUILD: 'True' }],
  ] as const) {
    const env = {
      ...home.env,
      ...system,
      CURL_CA_BUNDLE: registry.caFile,
      ACRUX_LOGIN_SERVER: hostOf(registry),
      ACRUX_ID_TOKEN: secret,
      ACRUX_CLIENT: 'false',
      // Variables of the job that have the names of those of the script.
      client: 'true',
      authority: '/nowhere',
    }
    const ran = await run(shell, [join(root, 'actions/login/login.sh')], { env })
    assert.equal(ran.code, 1)
    const [mask, error, ...more] = ran.stdout.trimEnd().split('\n')
    assert.match(mask ?? '', /mask::|setsecret/)
    assert.match(error ?? '', /^(?:::error |##vso\[task\.logissue type=error\]).*denied/)
    assert.deepEqual(more, [])
  }
})

step('a registry of the CI login is no option and no line of its own', ['bash'], async () => {
  using home = clientHome()
  for (const registry of ['--config=x', 'a\n::add-path::/evil']) {
    const env = { ...home.env, GITHUB_ACTIONS: 'true', ACRUX_LOGIN_SERVER: registry, ACRUX_ID_TOKEN: secret }
    const ran = await run('sh', [join(root, 'actions/login/login.sh')], { env })
    assert.equal(ran.code, 1)
    assert.equal(ran.stdout.trimEnd().split('\n').length, 1, ran.stdout)
    assert.match(ran.stdout, /is not a login server/)
  }
})
