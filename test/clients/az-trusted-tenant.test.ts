import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, type TestContext } from 'node:test'
import { assignRole, createRegistry, registryId, roles } from '../harness/arm.ts'
import { findProgram, mustRun } from '../harness/clients.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { askAccessToken, nullGuid } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { startStandInAzure } from './lib/stand-in-azure.ts'
import { azHome, claimsOf, loginServerSuffix, signIn, step } from './az/az.ts'
import { keptLogin, makeImage, pull, push } from './az/podman.ts'
import { secretFile } from '../harness/secret-file.ts'

const organisations = readFileSync(join(import.meta.dirname, '../../docs/how-to/organisations.md'), 'utf8')
const entra = await startTokenIssuer()
const contoso = randomUUID()
const issuers = {
  '1.0': `https://sts.windows.net/${contoso}/`,
  '2.0': `https://login.microsoftonline.com/${contoso}/v2.0`,
} as const
for (const [version, issuer] of Object.entries(issuers)) {
  const path = `/${contoso}${version === '2.0' ? '/v2.0' : ''}/.well-known/openid-configuration`
  entra.documents.set(path, { issuer, jwks_uri: `${entra.origin}/keys` })
}
const tenants = JSON.stringify([{ tenantId: contoso, authorityHost: entra.origin }])
const server = await startServer({ args: [...trustArguments(entra), '--trusted-tenants', tenants] })
const owner = azHome(server.caFile)
const guest = azHome(server.caFile)
after(async () => {
  guest[Symbol.dispose]()
  owner[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await entra[Symbol.asyncDispose]()
})
before(async () => {
  if (findProgram('az') !== undefined) await signIn(owner, server)
})

const { loginServer, registry } = server.firstRun
const azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
const ada = randomUUID()
const robot = randomUUID()
let adasRole = ''
const scope = ['--scope', registryId(server)]

/** A token as Entra gives it to `az account get-access-token`. */
function tokenOf(oid: string, change: Record<string, unknown> = {}): string {
  const version = change['ver'] === '2.0' ? '2.0' : '1.0'
  return entra.token({
    iss: issuers[version],
    aud: 'https://management.core.windows.net/',
    tid: contoso,
    ver: version,
    oid,
    ...(version === '1.0' ? { appid: azureCli } : { azp: azureCli }),
    ...(oid === robot
      ? { idtyp: 'app', sub: oid }
      : { idtyp: 'user', sub: 'pairwise', scp: 'user_impersonation', upn: 'ada@contoso.example' }),
    ...change,
  })
}

function exchange(token: string): Promise<HttpResponse> {
  return request({
    method: 'POST',
    url: `https://${loginServer}/oauth2/exchange`,
    caFile: server.caFile,
    ...form({ grant_type: 'access_token', service: loginServer, tenant: contoso, access_token: token }),
  })
}

step('az gives roles to a person and to a program of a trusted tenant, by their object ids', ['az'], async () => {
  for (const [id, type] of [
    [ada, 'User'],
    [robot, 'ServicePrincipal'],
  ] as const) {
    const assignee = ['--assignee-object-id', id, '--assignee-principal-type', type]
    const made = await owner.json('role', 'assignment', 'create', ...assignee, '--role', 'AcrPush', ...scope)
    assert.partialDeepStrictEqual(made, { principalId: id, principalType: type })
    if (id === ada) adasRole = stringAt(made, 'id')
  }
  const listed = listAt(await owner.json('role', 'assignment', 'list', ...scope)).map((each) => at(each, 'principalId'))
  assert.ok(listed.includes(ada) && listed.includes(robot))
  const unsaid = ['role', 'assignment', 'create', '--role', 'AcrPull', ...scope, '--assignee-object-id', randomUUID()]
  await owner.fails(1, /PrincipalNotFound|does not exist/, ...unsaid)
})

step('a user of the trusted tenant logs podman in, and pushes and pulls', ['az', 'podman'], async () => {
  for (const token of [tokenOf(ada), tokenOf(ada, { ver: '2.0' }), tokenOf(robot)]) {
    const password = stringAt((await exchange(token)).json(), 'refresh_token')
    assert.partialDeepStrictEqual(claimsOf(password), { tenant: contoso, appid: azureCli })
    const login = ['login', loginServer, '--username', nullGuid, '--password-stdin']
    await mustRun('podman', login, { env: guest.home.env, input: password })
    await makeImage(guest.home, 'localhost/tiny:tenant', 'of another tenant')
    const digest = await push(guest.home, 'localhost/tiny:tenant', `${loginServer}/tenant/app:1`)
    assert.equal(await pull(guest.home, `${loginServer}/tenant/app:1`), digest)
  }
})

/** The real `az` on AzureCloud, at a stand-in of Azure with these registries, and trusting both that and this server. */
async function azAtAzure(t: TestContext, subscriptionId: string | undefined, registries: readonly string[] = []) {
  const token = (appid: string, aud: string) => tokenOf(robot, { aud, appid })
  const azure = await startStandInAzure({ tenantId: contoso, subscriptionId, registries, token })
  const trusted = join(guest.home.path, `${randomUUID()}.pem`)
  writeFileSync(trusted, readFileSync(server.caFile, 'utf8') + readFileSync(azure.caFile, 'utf8'))
  const proxied = { HTTPS_PROXY: azure.proxyUrl, https_proxy: azure.proxyUrl }
  const settled = { DOCKER_COMMAND: 'podman', REQUESTS_CA_BUNDLE: trusted, CURL_CA_BUNDLE: trusted, ...proxied }
  const az = azHome(server.caFile, settled)
  t.after(async () => {
    az[Symbol.dispose]()
    await azure[Symbol.asyncDispose]()
  })
  const env = { ...az.home.env, ...settled }
  return {
    az,
    env,
    login: ['login', '--service-principal', '-u', azureCli, '--password', secretFile('x'), '--tenant', contoso],
  }
}

step(
  'az that is signed in to Azure logs podman in with -n alone, once its cloud has the suffix of this server',
  ['az', 'podman'],
  async (t) => {
    const { az, login } = await azAtAzure(t, randomUUID(), ['theirs'])
    await createRegistry(server, 'fabrikam')
    await assignRole(server, robot, roles.acrPush, registryId(server, 'fabrikam'))
    const suffix = loginServerSuffix(server)
    const subscriptions = await az.json(...login)
    await az.fails(1, /the registry login server 'fabrikam\.azurecr\.io'/, 'acr', 'login', '-n', 'fabrikam')

    await az.text('cloud', 'update', '-n', 'AzureCloud', '--suffix-acr-login-server-endpoint', suffix)
    assert.deepEqual(await az.json('account', 'list'), subscriptions, 'who is signed in stays so')
    assert.match(await az.text('acr', 'login', '-n', 'fabrikam'), /Login Succeeded/)
    const { username, password } = keptLogin(az.home, `fabrikam${suffix}`)
    assert.equal(username, nullGuid)
    assert.partialDeepStrictEqual(claimsOf(password), { tenant: contoso, aud: `fabrikam${suffix}` })
    await makeImage(az.home, 'localhost/tiny:azure', 'from AzureCloud')
    const digest = await push(az.home, 'localhost/tiny:azure', `fabrikam${suffix}/team/app:1`)
    assert.equal(await pull(az.home, `fabrikam${suffix}/team/app:1`), digest)

    assert.deepEqual(await az.json('acr', 'repository', 'list', '-n', `fabrikam${suffix}`), ['team/app'])

    await az.fails(1, /the registry login server 'theirs\.azurecr\.io'/, 'acr', 'login', '-n', 'theirs')
    assert.deepEqual(await az.json(...login), subscriptions, 'signing in is as it was')
    await az.text('cloud', 'update', '-n', 'AzureCloud', '--suffix-acr-login-server-endpoint', '.azurecr.io')
    await az.fails(1, /the registry login server 'fabrikam\.azurecr\.io'/, 'acr', 'login', '-n', 'fabrikam')
  },
)

step(
  'a user without a subscription at Azure is stopped there by az, and exchanges a token',
  ['az', 'podman', 'curl'],
  async (t) => {
    const { az, login, env } = await azAtAzure(t, undefined)
    await az.text(...login, '--allow-no-subscriptions')
    await az.text(
      'cloud',
      'update',
      '-n',
      'AzureCloud',
      '--suffix-acr-login-server-endpoint',
      loginServerSuffix(server),
    )
    // az looks in the subscription for the registry before it thinks of the suffix. [azure-cli acr/_utils.py]
    await az.fails(3, /SubscriptionNotFound/, 'acr', 'login', '-n', 'fabrikam')
    const example =
      /^ {2}```sh\n(.*oauth2\/exchange.*?)^ {2}```/ms.exec(organisations)?.[1] ?? assert.fail('no example')
    const script = example
      .replaceAll('contoso.registry.example.com', loginServer)
      .replace('docker login', 'podman login')
    const ran = await mustRun('bash', ['-euo', 'pipefail', '-c', script], { env, timeoutMs: 600_000 })
    assert.match(ran.stdout, /Login Succeeded/)
    assert.equal(keptLogin(az.home, loginServer).username, nullGuid)
  },
)

step('with ARM tokens switched off only those for ACR are taken', ['az'], async () => {
  const policy = ['acr', 'config', 'authentication-as-arm', 'update', '-r', registry, '--status']
  await owner.text(...policy, 'disabled')
  assert.equal((await exchange(tokenOf(ada))).status, 401)
  assert.equal((await exchange(tokenOf(ada, { aud: 'https://containerregistry.azure.net' }))).status, 200)
  await owner.text(...policy, 'enabled')
  assert.equal((await exchange(tokenOf(ada))).status, 200)
})

step('a removed role is gone at once, and removing the trust revokes everything', ['az'], async () => {
  const refreshToken = stringAt((await exchange(tokenOf(robot))).json(), 'refresh_token')
  const ask = async (): Promise<number> => (await askAccessToken(server, { refreshToken }, [])).status
  assert.equal(await ask(), 200)
  await owner.text('role', 'assignment', 'delete', '--ids', adasRole)
  assert.match((await exchange(tokenOf(ada))).text(), /has no role on this registry/)
  const stranger = await exchange(tokenOf(randomUUID()))
  assert.match(stranger.text(), /has no role on this registry/)
  const other = await exchange(tokenOf(robot, { tid: randomUUID() }))
  assert.equal(other.status, 401)
  assert.equal(await ask(), 200)
})
