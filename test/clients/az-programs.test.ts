import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { principalWithRole, registryId, roles, type NewServicePrincipal } from '../harness/arm.ts'
import { startClientIssuer } from '../harness/client-issuer.ts'
import { findProgram, mustRun } from '../harness/clients.ts'
import { form, request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { nullGuid } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { azHome, claimsOf, signIn, step, useCloud, type Az } from './az/az.ts'
import { makeImage, pull, push } from './az/podman.ts'
import { secretFile } from '../harness/secret-file.ts'

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
const owner = azHome(server.caFile)
const az = azHome(server.caFile, { DOCKER_COMMAND: 'podman' })
after(async () => {
  az[Symbol.dispose]()
  owner[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const { registry, loginServer, tenantId } = server.firstRun
const audience = 'api://AzureADTokenExchange'
const subject = 'repo:octo/app:ref:refs/heads/main'
let program: NewServicePrincipal

before(async () => {
  program = await principalWithRole(server, 'program', roles.acrPush)
  if (findProgram('az') === undefined) return
  await signIn(owner, server)
  await useCloud(az, server)
  // To be found by its name in ARM, a registry has to be seen there.
  const assignee = ['--assignee-object-id', program.objectId, '--assignee-principal-type', 'ServicePrincipal']
  const role = ['--role', 'Reader', '--scope', registryId(server)]
  await owner.text('role', 'assignment', 'create', ...assignee, ...role)
})

/** Logs in to the registry as the signed-in account, and pushes and pulls an image there. */
async function pushAndPull(as: Az, tag: string): Promise<void> {
  const exposed = await as.json('acr', 'login', '-n', registry, '--expose-token')
  assert.equal(stringAt(exposed, 'username'), nullGuid)
  assert.match(await as.text('acr', 'login', '-n', registry), /Login Succeeded/)
  await makeImage(as.home, `localhost/tiny:${tag}`, `pushed with ${tag}`)
  const digest = await push(as.home, `localhost/tiny:${tag}`, `${loginServer}/programs/app:${tag}`)
  assert.equal(await pull(as.home, `${loginServer}/programs/app:${tag}`), digest)
  await as.text('logout')
}

function login(...proof: readonly string[]): string[] {
  const who = ['login', '--service-principal', '-u', program.appId, '--tenant', tenantId]
  return [...who, ...proof]
}

step('az makes an application with a certificate, and signs in with it', ['az', 'podman'], async () => {
  const made = await owner.json('ad', 'sp', 'create-for-rbac', '--name', 'with-a-certificate', '--create-cert')
  const file = stringAt(made, 'fileWithCertAndPrivateKey')
  const appId = stringAt(made, 'appId')
  for (const role of ['AcrPush', 'Reader']) {
    await owner.text('role', 'assignment', 'create', '--assignee', appId, '--role', role, '--scope', registryId(server))
  }
  for (const flags of [[], ['--use-cert-sn-issuer']]) {
    const arguments_ = ['login', '--service-principal', '-u', appId, '--tenant', tenantId, '--certificate', file]
    const accounts = await az.json(...arguments_, ...flags)
    assert.partialDeepStrictEqual(accounts, [{ tenantId, user: { name: appId, type: 'servicePrincipal' } }])
    await pushAndPull(az, flags.length === 0 ? 'certificate' : 'sn-issuer')
  }
})

step('another principal’s certificate does not sign in', ['az', 'openssl'], async () => {
  const file = join(az.home.path, 'stranger.pem')
  const env = az.home.env
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${file}.key`, '-out', `${file}.cert`]
  await mustRun('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=stranger'], { env })
  const both = await mustRun('cat', [`${file}.key`, `${file}.cert`], { env })
  writeFileSync(file, both.stdout)
  await az.fails(1, /AADSTS700027: /, ...login('--certificate', file))
})

step('az creates, lists, shows, updates and deletes a federated credential', ['az'], async () => {
  const id = ['--id', program.appId]
  const command = ['ad', 'app', 'federated-credential']
  const parameters = (value: object): string => {
    const file = join(owner.home.path, 'credential.json')
    writeFileSync(file, JSON.stringify(value))
    return `@${file}`
  }
  const wanted = {
    name: 'main',
    issuer: issuer.origin,
    subject: 'repo:octo/app:ref:refs/heads/develop',
    description: 'a branch',
    audiences: [audience],
  }
  const made = await owner.json(...command, 'create', ...id, '--parameters', parameters(wanted))
  assert.partialDeepStrictEqual(made, wanted)
  assert.deepEqual(await owner.json(...command, 'list', ...id), [made])
  const named = ['--federated-credential-id', 'main']
  assert.deepEqual(await owner.json(...command, 'show', ...id, ...named), made)
  const change = parameters({ ...wanted, subject })
  await owner.text(
    ...command,
    'update',
    ...id,
    '--federated-credential-id',
    stringAt(made, 'id'),
    '--parameters',
    change,
  )
  assert.equal(stringAt(await owner.json(...command, 'show', ...id, ...named), 'subject'), subject)

  const second = parameters({ ...wanted, name: 'second', subject: 'second' })
  await owner.text(...command, 'create', ...id, '--parameters', second)
  await owner.text(...command, 'delete', ...id, '--federated-credential-id', 'second')
  assert.deepEqual(
    listAt(await owner.json(...command, 'list', ...id)).map((each) => at(each, 'name')),
    ['main'],
  )
  await owner.fails(1, /does not exist/, ...command, 'show', ...id, '--federated-credential-id', 'second')
  const withoutAudience = parameters({ ...wanted, name: 'third', audiences: [] })
  await owner.fails(1, /audiences/, ...command, 'create', ...id, '--parameters', withoutAudience)
})

step('az signs in with the token of another issuer, and pushes and pulls', ['az', 'podman'], async () => {
  const token = issuer.token({ sub: subject, aud: audience })
  const accounts = await az.json(...login('--federated-token', secretFile(token)))
  assert.partialDeepStrictEqual(accounts, [{ user: { name: program.appId, type: 'servicePrincipal' } }])
  const forArm = await az.json('account', 'get-access-token')
  assert.partialDeepStrictEqual(claimsOf(stringAt(forArm, 'accessToken')), { oid: program.objectId, idtyp: 'app' })
  await pushAndPull(az, 'federated')
})

step('az shows why a token of another issuer is rejected', ['az'], async () => {
  const denied = (number: number, claims: Record<string, unknown>) =>
    az.fails(1, new RegExp(`AADSTS${number}: `), ...login('--federated-token', secretFile(issuer.token(claims))))
  await denied(700213, { sub: `${subject}2`, aud: audience })
  await denied(700212, { sub: subject, aud: 'other' })
  await denied(700211, { sub: subject, aud: audience, iss: 'https://issuer.example' })
  await denied(700024, { sub: subject, aud: audience, exp: Math.floor(Date.now() / 1000) - 60 })
})

step('az signs in with a token of an oidc-provider', ['az', 'podman'], async () => {
  await using other = await startClientIssuer()
  await using second = await startServer({ args: trustArguments(other) })
  const { firstRun } = second
  const writer = await principalWithRole(second, 'writer', roles.acrPush)
  using administrator = azHome(second.caFile)
  await signIn(administrator, second)
  const scope = ['--scope', registryId(second)]
  await administrator.text('role', 'assignment', 'create', '--assignee', writer.appId, '--role', 'Reader', ...scope)
  const trust = { name: 'build', issuer: other.origin, subject: other.clientId, audiences: [audience] }
  const file = join(administrator.home.path, 'credential.json')
  writeFileSync(file, JSON.stringify(trust))
  const command = ['ad', 'app', 'federated-credential', 'create', '--id', writer.appId, '--parameters', `@${file}`]
  await administrator.text(...command)
  const proof = ['--federated-token', secretFile(await other.token(audience)), '--tenant', firstRun.tenantId]
  await administrator.text('login', '--service-principal', '-u', writer.appId, ...proof)
  const exposed = await administrator.json('acr', 'login', '-n', firstRun.registry, '--expose-token')
  assert.equal(stringAt(claimsOf(stringAt(exposed, 'refreshToken')), 'sub'), writer.appId)
})

step(
  'a job logs podman in by exchanging its token itself, and what it got ends with the trust',
  ['az', 'podman'],
  async () => {
    using home = azHome(server.caFile)
    const exchange = () =>
      request({
        method: 'POST',
        url: `https://${loginServer}/oauth2/exchange`,
        caFile: server.caFile,
        ...form({
          grant_type: 'access_token',
          service: loginServer,
          access_token: issuer.token({ sub: subject, aud: audience }),
        }),
      })
    const password = stringAt((await exchange()).json(), 'refresh_token')
    const arguments_ = ['login', loginServer, '--username', nullGuid, '--password-stdin']
    await mustRun('podman', arguments_, { env: home.home.env, input: password })
    await makeImage(home.home, 'localhost/tiny:job', 'pushed by a job')
    const digest = await push(home.home, 'localhost/tiny:job', `${loginServer}/programs/job:1`)
    assert.equal(await pull(home.home, `${loginServer}/programs/job:1`), digest)

    const trust = ['--id', program.appId, '--federated-credential-id', 'main']
    await owner.text('ad', 'app', 'federated-credential', 'delete', ...trust)
    await assert.rejects(pull(home.home, `${loginServer}/programs/job:1`), /unauthorized|authentication required/i)
    assert.equal((await exchange()).status, 401)
  },
)
