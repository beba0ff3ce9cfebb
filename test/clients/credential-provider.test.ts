import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  assignRole,
  createRegistry,
  createServicePrincipal,
  expectStatus,
  graph,
  registryId,
  removeRole,
  roles,
} from '../harness/arm.ts'
import { mustRun, run, type Ran } from '../harness/clients.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, nullGuid, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { createIdentity, startMachine } from '../machines/machine.ts'
import { claimsOf, step } from './az/az.ts'
import { createKubelet, readProviders, type Answer, type Pod, type Provider } from './lib/kubelet.ts'

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
const kubelet = createKubelet()
const cleanUp = new AsyncDisposableStack()
cleanUp.use(issuer)
cleanUp.use(server)
cleanUp.use(kubelet)
after(() => cleanUp.disposeAsync())

const { loginServer, servicePrincipal, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
await pushImage(server, 'team/app', '1', owner)
await pushImage(server, 'team/other', '1', owner)
const second = await createRegistry(server, 'second')
await pushImage(onRegistry(server, { loginServer: second.loginServer }), 'team/app', '1', owner)
const image = `${loginServer}/team/app`

type Options = {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly audience?: string
}

/** A plug-in in the configuration of the kubelet. With an audience, it gets tokens of service accounts. */
function provider({ args = [], env = {}, audience }: Options): Provider {
  const attributes = {
    serviceAccountTokenAudience: audience,
    requireServiceAccount: true,
    cacheType: 'ServiceAccount',
    optionalServiceAccountAnnotationKeys: ['azure.workload.identity/client-id', 'azure.workload.identity/tenant-id'],
  }
  const entry = {
    name: 'acrux-credential-provider',
    matchImages: [loginServer, second.loginServer, 'docker.io', 'other.example.com'],
    defaultCacheDuration: '10m',
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    args: ['--ca-file', server.caFile, '--registry', loginServer, ...args],
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    ...(audience !== undefined && { tokenAttributes: attributes }),
  }
  const config = { apiVersion: 'kubelet.config.k8s.io/v1', kind: 'CredentialProviderConfig', providers: [entry] }
  const [only] = readProviders(JSON.stringify(config))
  assert.ok(only !== undefined)
  return only
}

let pods = 0

/** A pod whose service account an application trusts. The application may pull. */
async function createPod(subject = `system:serviceaccount:team:web-${++pods}`) {
  const application = await createServicePrincipal(server, 'web')
  const assignment = await assignRole(server, application.objectId, roles.acrPull, registryId(server))
  const collection = `/applications/${application.applicationObjectId}/federatedIdentityCredentials`
  const trust = { name: 'cluster', issuer: issuer.origin, subject, audiences: [loginServer] }
  const credential = stringAt(expectStatus(await graph(server, 'POST', collection, trust), 201).json(), 'id')
  const pod: Pod = { token: (aud) => issuer.token({ sub: subject, aud }) }
  return { ...application, subject, pod, assignment, credentialPath: `${collection}/${credential}` }
}

const ofServiceAccounts = provider({ audience: loginServer })

/** Pulls with skopeo, with the logins of a plug-in as the kubelet passes them on. */
async function pull(name: string, { auth }: Answer): Promise<Ran> {
  const file = join(kubelet.home.path, `auth-${Math.random()}.json`)
  const auths = Object.fromEntries(
    Object.entries(auth).map(([key, { username, password }]) => [
      key,
      { auth: Buffer.from(`${username}:${password}`).toString('base64') },
    ]),
  )
  writeFileSync(file, JSON.stringify({ auths }), { mode: 0o600 })
  const env = { ...kubelet.home.env, SSL_CERT_FILE: server.caFile }
  const to = join(kubelet.home.path, `pulled-${Math.random()}`)
  return run('skopeo', ['copy', '--authfile', file, `docker://${name}`, `dir:${to}`], { env })
}

function requireLogin({ auth }: Answer): { username: string; password: string } {
  assert.deepEqual(Object.keys(auth), [loginServer])
  const login = auth[loginServer]
  assert.ok(login !== undefined)
  return login
}

step('a pod pulls with the token of its service account', ['skopeo'], async () => {
  const { pod, appId } = await createPod()
  const answer = await kubelet.ask(ofServiceAccounts, image, pod)
  assert.equal(answer.cacheKeyType, 'Registry')
  assert.equal(answer.cacheSeconds, 600)
  const { username, password } = requireLogin(answer)
  assert.equal(username, nullGuid)
  assert.partialDeepStrictEqual(claimsOf(password), { appid: appId, aud: loginServer })
  const pulled = await pull(`${image}:1`, answer)
  assert.equal(pulled.code, 0, pulled.stderr)
})

test('the annotation of a service account selects one of several applications', async () => {
  const first = await createPod()
  const other = await createPod(first.subject)
  await kubelet.fails(ofServiceAccounts, /more than one application/i, image, first.pod)
  const annotations = { 'azure.workload.identity/client-id': other.appId }
  const answer = await kubelet.ask(ofServiceAccounts, image, { ...first.pod, annotations })
  assert.partialDeepStrictEqual(claimsOf(requireLogin(answer).password), { appid: other.appId })
  const byOption = provider({ audience: loginServer, args: ['--client-id', first.appId] })
  const chosen = await kubelet.ask(byOption, image, first.pod)
  assert.partialDeepStrictEqual(claimsOf(requireLogin(chosen).password), { appid: first.appId })
})

test('with an authority, the token of a service account is a client assertion, as at Azure', async () => {
  const { pod, appId } = await createPod()
  const atAuthority = provider({
    audience: loginServer,
    args: ['--authority-host', server.baseUrl],
    env: { AZURE_TENANT_ID: tenantId },
  })
  await kubelet.fails(atAuthority, /needs the client id and the tenant id/, image, pod)
  const annotated = { ...pod, annotations: { 'azure.workload.identity/client-id': appId } }
  const answer = await kubelet.ask(atAuthority, image, annotated)
  assert.partialDeepStrictEqual(claimsOf(requireLogin(answer).password), { appid: appId })
})

test('a service account that no application trusts, and a request without a token, get no login', async () => {
  const stranger: Pod = { token: (aud) => issuer.token({ sub: 'system:serviceaccount:team:stranger', aud }) }
  await kubelet.fails(ofServiceAccounts, /system:serviceaccount:team:stranger/, image, stranger)
  await kubelet.fails(ofServiceAccounts, /no token of a service account/, image)
})

step('a node pulls with its managed identity', ['skopeo'], async () => {
  const attached = await createIdentity(server, 'nodes')
  await using machine = await startMachine(server, 'node-1', [attached])
  for (const { objectId } of [attached, machine.own])
    await assignRole(server, objectId, roles.acrPull, registryId(server))
  for (const [identity, selector] of [
    [machine.own, []],
    [attached, ['--client-id', attached.clientId]],
  ] as const) {
    const node = provider({ args: ['--auth', 'managed-identity', ...selector], env: { ...machine.imds } })
    const answer = await kubelet.ask(node, image)
    assert.partialDeepStrictEqual(claimsOf(requireLogin(answer).password), { appid: identity.clientId })
    assert.equal((await pull(`${image}:1`, answer)).code, 0)
  }
})

test('a managed identity without an endpoint on the machine gets no login', async () => {
  const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:9' }
  await kubelet.fails(provider({ args: ['--auth', 'managed-identity'], env }), /127\.0\.0\.1:9.*failed/, image)
})

/** A service principal that may pull, and the arguments that name it. */
async function createNode() {
  const principal = await createServicePrincipal(server, 'node')
  const assignment = await assignRole(server, principal.objectId, roles.acrPull, registryId(server))
  const args = ['--auth', 'service-principal', '--client-id', principal.appId, '--tenant-id', tenantId]
  return { ...principal, assignment, args }
}

function secretFile(secret: string): string {
  const file = join(kubelet.home.path, `secret-${Math.random()}`)
  writeFileSync(file, `${secret}\n`, { mode: 0o600 })
  return file
}

step(
  'a node pulls as a service principal with a secret from a file, a variable and a configuration file',
  ['skopeo'],
  async () => {
    const { appId, password, args } = await createNode()
    const file = secretFile(password)
    const config = join(kubelet.home.path, 'provider.yaml')
    const settings = {
      registries: [loginServer],
      auth: 'service-principal',
      clientId: appId,
      tenantId,
      clientSecretFile: file,
    }
    writeFileSync(config, JSON.stringify(settings))
    for (const node of [
      provider({ args: [...args, '--client-secret-file', file] }),
      provider({ args, env: { ACRUX_CLIENT_SECRET: password } }),
      provider({
        args: ['--auth', 'service-principal'],
        env: { AZURE_CLIENT_ID: appId, AZURE_TENANT_ID: tenantId, AZURE_CLIENT_SECRET: password },
      }),
      { ...provider({}), args: [config, '--ca-file', server.caFile] },
    ]) {
      const answer = await kubelet.ask(node, image)
      const login = requireLogin(answer)
      assert.partialDeepStrictEqual(claimsOf(login.password), { appid: appId })
      assert.equal((await pull(`${image}:1`, answer)).code, 0)
    }
    const wrong = provider({ args: [...args, '--client-secret-file', secretFile('wrong')] })
    await kubelet.fails(wrong, /AADSTS7000215/, image)
  },
)

step('a node pulls as a service principal with a certificate', ['openssl', 'skopeo'], async () => {
  const { applicationObjectId, args } = await createNode()
  const file = join(kubelet.home.path, 'node.pem')
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${file}.key`, '-subj', '/CN=node', '-days', '2']
  const { stdout: certificate } = await mustRun('openssl', ['req', '-x509', ...key], { env: kubelet.home.env })
  writeFileSync(file, readFileSync(`${file}.key`, 'utf8') + certificate, { mode: 0o600 })
  const raw = new X509Certificate(certificate).raw.toString('base64')
  const keyCredentials = [{ type: 'AsymmetricX509Cert', usage: 'Verify', key: raw }]
  expectStatus(await graph(server, 'PATCH', `/applications/${applicationObjectId}`, { keyCredentials }), 204)
  const answer = await kubelet.ask(provider({ args: [...args, '--certificate-file', file] }), image)
  assert.equal((await pull(`${image}:1`, answer)).code, 0)
})

test('a login is cached for no longer than it lives, and no longer than the settings say', async () => {
  const { applicationObjectId, args } = await createNode()
  const endDateTime = new Date(Date.now() + 8 * 60_000).toISOString()
  const added = await graph(server, 'POST', `/applications/${applicationObjectId}/addPassword`, {
    passwordCredential: { displayName: 'short', endDateTime },
  })
  const file = secretFile(stringAt(expectStatus(added, 200).json(), 'secretText'))
  const short = await kubelet.ask(provider({ args: [...args, '--client-secret-file', file] }), image)
  assert.ok(short.cacheSeconds > 60 && short.cacheSeconds <= 180, String(short.cacheSeconds))
  const { pod } = await createPod()
  const limited = await kubelet.ask(provider({ audience: loginServer, args: ['--cache-duration', '90s'] }), image, pod)
  assert.equal(limited.cacheSeconds, 90)
  const long = await kubelet.ask(provider({ audience: loginServer, args: ['--cache-duration', '3h'] }), image, pod)
  assert.ok(long.cacheSeconds > 9000 && long.cacheSeconds <= 3 * 3600 - 300, String(long.cacheSeconds))
})

step('a login for a repository pulls from it alone', ['skopeo'], async () => {
  const { pod } = await createPod()
  const narrow = provider({ audience: loginServer, args: ['--login-scope', 'repository'] })
  const answer = await kubelet.ask(narrow, image, pod)
  assert.equal(answer.cacheKeyType, 'Image')
  const [[key, login] = ['', undefined]] = Object.entries(answer.auth)
  assert.equal(key, image)
  assert.ok(login !== undefined)
  const everywhere = { ...answer, auth: { [loginServer]: login } }
  assert.equal((await pull(`${image}:1`, answer)).code, 0)
  assert.equal((await pull(`${image}:1`, everywhere)).code, 0)
  assert.notEqual((await pull(`${loginServer}/team/other:1`, everywhere)).code, 0)
})

test('images of other registries get an empty answer, and no request is sent', async () => {
  const { pod } = await createPod()
  const empty = { cacheKeyType: 'Image', cacheSeconds: 0, auth: {} }
  const before = issuer.requests.length
  for (const foreign of ['docker.io/library/busybox', 'other.example.com/team/app', `${second.loginServer}/team/app`])
    assert.deepEqual(await kubelet.ask(ofServiceAccounts, foreign, pod), empty, foreign)
  assert.equal(issuer.requests.length, before)
  // The secret is not even read.
  const args = [
    '--auth',
    'service-principal',
    '--client-id',
    'a',
    '--tenant-id',
    'b',
    '--client-secret-file',
    '/missing',
  ]
  assert.deepEqual(await kubelet.ask(provider({ args }), 'docker.io/library/busybox'), empty)
})

test('each of several registries gets its own login', async () => {
  const { pod, objectId } = await createPod()
  await assignRole(server, objectId, roles.acrPull, second.id)
  const both = provider({ audience: loginServer, args: ['--registry', second.loginServer] })
  const name = `${second.loginServer}/team/app`
  const { auth } = await kubelet.ask(both, name, pod)
  assert.deepEqual(Object.keys(auth), [second.loginServer])
  const login = auth[second.loginServer]
  assert.ok(login !== undefined)
  assert.partialDeepStrictEqual(claimsOf(login.password), { aud: second.loginServer })
})

step('a revoked identity gets no login, and its earlier logins pull nothing', ['skopeo'], async () => {
  // prettier-ignore
  const revocations: readonly [what: string, revoke: (made: Awaited<ReturnType<typeof createPod>>) => Promise<unknown>][] = [
    ['the role', (made) => removeRole(server, made.assignment)],
    ['the federated credential', async (made) => expectStatus(await graph(server, 'DELETE', made.credentialPath), 204)],
    ['the application', async (made) => expectStatus(await graph(server, 'DELETE', `/applications/${made.applicationObjectId}`), 204)],
  ]
  for (const [what, revoke] of revocations) {
    const made = await createPod()
    const earlier = await kubelet.ask(ofServiceAccounts, image, made.pod)
    assert.equal((await pull(`${image}:1`, earlier)).code, 0, what)
    await revoke(made)
    await kubelet.fails(ofServiceAccounts, /was denied\. Response code: 401/, image, made.pod)
    assert.notEqual((await pull(`${image}:1`, earlier)).code, 0, what)
  }
})

test('a malformed request fails with a message, and nothing on standard output', async () => {
  const valid = { apiVersion: 'credentialprovider.kubelet.k8s.io/v1', kind: 'CredentialProviderRequest', image }
  // prettier-ignore
  const cases: readonly [input: string | Buffer, says: RegExp][] = [
    ['',                                                              /is not a CredentialProviderRequest/],
    ['{',                                                             /is not a CredentialProviderRequest/],
    ['[]',                                                            /is not a CredentialProviderRequest/],
    [Buffer.from([0xff, 0xfe, 0]),                                    /is not a CredentialProviderRequest/],
    [JSON.stringify({ ...valid, kind: 'Other' }),                     /is not a CredentialProviderRequest/],
    [JSON.stringify({ ...valid, apiVersion: 'credentialprovider.kubelet.k8s.io/v1beta1' }), /the apiVersion of the request is not/],
    [JSON.stringify({ ...valid, image: undefined }),                  /no valid image/],
    [JSON.stringify({ ...valid, image: 7 }),                          /no valid image/],
    [JSON.stringify({ ...valid, image: `${image}\n` }),               /no valid image/],
    [JSON.stringify({ ...valid, image: `${image}/${'a'.repeat(5000)}` }), /no valid image/],
    [JSON.stringify({ ...valid, serviceAccountToken: {} }),           /serviceAccountToken of the request is not a string/],
    [JSON.stringify({ ...valid, serviceAccountAnnotations: [] }),     /serviceAccountAnnotations of the request are not an object/],
    [JSON.stringify({ ...valid, padding: 'a'.repeat(2 * 1024 * 1024) }), /has more than 1048576 bytes/],
  ]
  for (const [input, says] of cases) {
    const ran = await kubelet.send(ofServiceAccounts, input)
    assert.deepEqual({ code: ran.code, stdout: ran.stdout }, { code: 1, stdout: '' }, String(input).slice(0, 200))
    assert.match(ran.stderr, says)
  }
})

test('the suffix of a server names all of its registries', async () => {
  const { pod } = await createPod()
  const suffix = second.loginServer.slice('second'.length)
  const ofServer = { ...ofServiceAccounts, args: ['--ca-file', server.caFile, '--suffix', suffix] }
  const asked = await kubelet.ask(ofServer, image, pod)
  assert.deepEqual(asked.auth, {})
  await kubelet.fails(ofServer, /was denied\. Response code: 40[13]/, `${second.loginServer}/team/app`, pod)
})

test('the secret of a service principal is not sent to another host than that of the registry', async () => {
  const secretFile = join(kubelet.home.path, 'secret-of-a-principal')
  writeFileSync(secretFile, servicePrincipal.password, { mode: 0o600 })
  const principal = ['--client-id', servicePrincipal.appId, '--tenant-id', tenantId, '--client-secret-file', secretFile]
  const args = [
    '--ca-file',
    server.caFile,
    '--registry',
    second.loginServer,
    '--auth',
    'service-principal',
    ...principal,
  ]
  const node = { ...provider({}), args }
  const says = new RegExp(`sends secrets only to hosts in the settings[^]*--authority-host ${server.baseUrl}`)
  await kubelet.fails(node, says, `${second.loginServer}/team/app`)
  const named = { ...node, args: [...args, '--authority-host', server.baseUrl] }
  const { auth } = await kubelet.ask(named, `${second.loginServer}/team/app`)
  assert.deepEqual(Object.keys(auth), [second.loginServer])
})

test('no login is requested from a server whose certificate authority is not trusted', async () => {
  const { pod } = await createPod()
  const untrusting = { ...ofServiceAccounts, args: ['--registry', loginServer] }
  await kubelet.fails(untrusting, /untrusted certificate authority/, image, pod)
})

test('the log of requests shows no token', async () => {
  const { pod } = await createPod()
  const { tokenAttributes: _none, ...without } = ofServiceAccounts
  const token = pod.token(loginServer)
  const request = { apiVersion: 'credentialprovider.kubelet.k8s.io/v1', kind: 'CredentialProviderRequest', image }
  const debugged = { ...without, tokenAttributes: undefined, args: [...without.args, '--debug'] }
  const ran = await kubelet.send(debugged, JSON.stringify({ ...request, serviceAccountToken: token }))
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stderr, /POST https:\S+\/oauth2\/exchange 200/)
  assert.doesNotMatch(ran.stderr, /eyJ/)
  assert.ok(at(JSON.parse(ran.stdout), 'auth', loginServer) !== undefined)
})
