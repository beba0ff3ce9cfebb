import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { parse } from 'yaml'
import { expectStatus, graph, roles } from '../harness/arm.ts'
import { findProgram, run } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { nullGuid } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { azHome, claimsOf, signIn, step, type Az } from './az/az.ts'
import { keptLogin, makeImage, push } from './az/podman.ts'
import { examplesOf, readDocument } from './lib/examples.ts'

const document = readDocument('docs/reference/identity.md')

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer), registry: 'contoso' })
const owner = azHome(server.caFile)
const job = azHome(server.caFile)
after(async () => {
  job[Symbol.dispose]()
  owner[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})
before(async () => {
  if (findProgram('az') !== undefined) await signIn(owner, server)
})

const { loginServer, tenantId } = server.firstRun
const audience = loginServer
const tokenFile = join(job.home.path, 'token')
const asAzure = { DOCKER_COMMAND: 'podman', TENANT_ID: tenantId, TOKEN_FILE: tokenFile }

/** Puts what a reader has elsewhere in its place: the server, the issuers of CI systems, docker, a pod's files. */
function here(text: string): string {
  return text
    .replaceAll('registry.example.com', loginServer)
    .replaceAll(/https:\/\/(?:token\.actions\.githubusercontent|gitlab)\.com/g, issuer.origin)
    .replaceAll('/var/run/secrets/acrux/token', tokenFile)
    .replaceAll('docker login', 'podman login')
}

/** The blocks of the document that are marked with a name. */
function marked(name: string): string {
  return examplesOf(document, name)
}

/** Runs a text in a shell that stops at the first failure. Returns what it printed. */
async function shell(as: Az, script: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
  const { AZURE_CORE_INSTANCE_DISCOVERY: _settled, ...settled } = as.home.env
  const env = { ...settled, ...asAzure, ...variables }
  const ran = await run('bash', ['-euo', 'pipefail', '-c', here(script)], { env, timeoutMs: 600_000 })
  assert.equal(ran.code, 0, `${script}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

let ciAppId = ''

/** Holds that the job's home is signed in to the registry as this application, and forgets it. */
function assertSignedIn(appId: string): void {
  const { username, password } = keptLogin(job.home, loginServer)
  assert.equal(username, nullGuid)
  assert.equal(stringAt(claimsOf(password), 'sub'), appId)
  writeFileSync(join(job.home.path, 'auth.json'), '{}')
}

step('the commands for people work as they are written', ['az'], async () => {
  const script = `${marked('people')}\naz ad user show --id ada@example.com`
  const passwords = {
    FIRST_PASSWORD: 'tidal lantern 7 quilt',
    SECOND_PASSWORD: 'quilted tide 9 lamp',
    THIRD_PASSWORD: 'nine brass lanterns',
  }
  const printed = await shell(owner, script, passwords)
  assert.match(printed, new RegExp(`roleDefinitions/${roles.acrPush}"`))
  assert.match(printed, /"@odata.type": "#microsoft.graph.passwordAuthenticationMethod"/)
  assert.match(printed, /"roleDefinitionId": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"/)
})

step('the commands for service principals work as they are written', ['az', 'podman', 'openssl'], async () => {
  const made: unknown = JSON.parse(await shell(owner, marked('service-principal')))
  const [APP_ID, PASSWORD] = [stringAt(made, 'appId'), stringAt(made, 'password')]
  await shell(job, marked('cloud'))
  await shell(job, marked('service-principal-login'), { APP_ID, PASSWORD })
  assert.deepEqual(keptLogin(job.home, loginServer), { username: APP_ID, password: PASSWORD })

  const [append = '', list = '', remove = ''] = marked('service-principal-rotate').trim().split('\n')
  const keyIds = async (): Promise<string[]> =>
    listAt(JSON.parse(await shell(owner, list, { APP_ID }))).map((each) => stringAt(each, 'keyId'))
  const [first = ''] = await keyIds()
  const second = stringAt(JSON.parse(await shell(owner, append, { APP_ID })), 'password')
  assert.equal((await keyIds()).length, 2)
  await shell(owner, remove, { APP_ID, KEY_ID: first })
  await shell(job, marked('service-principal-login'), { APP_ID, PASSWORD: second })
  await assert.rejects(shell(job, marked('service-principal-login'), { APP_ID, PASSWORD }))

  using signer = azHome(server.caFile)
  await signIn(signer, server)
  assert.match(await shell(signer, marked('service-principal-certificate')), /"type": "servicePrincipal"/)
})

/** Holds that the job's home has the job's own token as the password of an application, and forgets it. */
function assertTokenIsPassword(appId: string, sub: string): void {
  const { username, password } = keptLogin(job.home, loginServer)
  assert.equal(username, appId)
  assert.partialDeepStrictEqual(claimsOf(password), { iss: issuer.origin, sub, aud: loginServer })
  writeFileSync(join(job.home.path, 'auth.json'), '{}')
}

step('an application trusts a job by the ids of its repository, as it is written', ['az'], async () => {
  const printed = await shell(owner, `${marked('trust')}\necho "APP_ID=$APP_ID"`)
  ciAppId = /APP_ID=(\S+)/.exec(printed)?.[1] ?? ''
  assert.match(ciAppId, /^[0-9a-f-]{36}$/)
  assert.match(printed, new RegExp(`"audiences": \\[\\s+"${loginServer}"`))
})

/** What GitHub says of a job on the branch that the document trusts. */
const ofGitHub = { sub: 'repo:octo/app:ref:refs/heads/main', repository_id: '123456789', ref: 'refs/heads/main' }

step('the token of a job logs podman in as a password, and no other token does', ['az', 'podman'], async () => {
  writeFileSync(tokenFile, issuer.token({ ...ofGitHub, aud: audience }))
  await shell(job, marked('password'), { APP_ID: ciAppId })
  await makeImage(job.home, 'localhost/tiny:job', 'pushed by a job')
  await push(job.home, 'localhost/tiny:job', `${loginServer}/team/app:1`)
  assertTokenIsPassword(ciAppId, ofGitHub.sub)
  for (const change of [{ repository_id: '1' }, { ref: 'refs/heads/other' }, { aud: 'other' }]) {
    writeFileSync(tokenFile, issuer.token({ ...ofGitHub, aud: audience, ...change }))
    await assert.rejects(shell(job, marked('password'), { APP_ID: ciAppId }), /invalid username\/password/)
  }
})

step('a registry accepts the audience that is set for it', ['az'], async () => {
  const printed = await shell(owner, marked('audiences'))
  assert.deepEqual(JSON.parse(printed), ['api://AzureADTokenExchange'])
})

step('one request logs podman in with the token of a job, and with no other', ['az', 'podman', 'curl'], async () => {
  writeFileSync(tokenFile, issuer.token({ ...ofGitHub, aud: audience }))
  await shell(job, marked('exchange'), { APP_ID: ciAppId })
  assertSignedIn(ciAppId)
  for (const change of [{ repository_id: '1' }, { ref: 'refs/heads/other' }, { aud: 'other' }]) {
    writeFileSync(tokenFile, issuer.token({ ...ofGitHub, aud: audience, ...change }))
    await assert.rejects(shell(job, marked('exchange'), { APP_ID: ciAppId }), /401/)
  }
})

step('az signs in with the token of a job, and podman by it', ['az', 'podman'], async () => {
  const id = ['--assignee', ciAppId, '--role', 'Reader']
  await owner.text(
    'role',
    'assignment',
    'create',
    ...id,
    '--scope',
    await owner.text('acr', 'show', '-n', 'contoso', '--query', 'id', '-o', 'tsv'),
  )
  writeFileSync(tokenFile, issuer.token({ ...ofGitHub, aud: audience }))
  await shell(job, marked('federated-az'), { APP_ID: ciAppId })
  assertSignedIn(ciAppId)
})

/** Trusts another job's token by the same application. */
async function trust(name: string, whom: Readonly<Record<string, unknown>>): Promise<void> {
  const wanted = { name, issuer: issuer.origin, audiences: [audience], ...whom }
  const id = await owner.text('ad', 'app', 'show', '--id', ciAppId, '--query', 'id', '-o', 'tsv')
  expectStatus(await graph(server, 'POST', `/applications/${id}/federatedIdentityCredentials`, wanted), 201)
}

step('the pod in Kubernetes logs in by the token that is mounted for it, and pulls', ['az', 'podman'], async () => {
  const subject = /subject `(system:serviceaccount:[^`]+)`/.exec(document)?.[1] ?? ''
  await trust('kubernetes', { subject })
  const manifest: unknown = parse(marked('kubernetes'))
  const pod = at(manifest, 'spec', 'template', 'spec')
  const account = `${stringAt(manifest, 'metadata', 'namespace')}:${stringAt(pod, 'serviceAccountName')}`
  assert.equal(subject, `system:serviceaccount:${account}`)
  const source = at(pod, 'volumes', 0, 'projected', 'sources', 0, 'serviceAccountToken')
  const container = at(pod, 'containers', 0)
  const mounted = `${stringAt(container, 'volumeMounts', 0, 'mountPath')}/${stringAt(source, 'path')}`
  const script = stringAt(container, 'args', 0)
  assert.ok(script.includes(` < ${mounted}\n`), 'the file that is mounted is the one that is sent')
  writeFileSync(tokenFile, issuer.token({ sub: subject, aud: here(stringAt(source, 'audience')) }))
  await shell(job, script, { REGISTRY: here(stringAt(container, 'env', 0, 'value')), APP_ID: ciAppId })
  assertTokenIsPassword(ciAppId, subject)
})

step('the account of az is exchanged as the page on trusted tenants says', ['az', 'podman', 'curl'], async () => {
  await shell(owner, marked('trusted-tenant'))
  assert.equal(keptLogin(owner.home, loginServer).username, nullGuid)
})
