import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { arm, assignRole, createServicePrincipal, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { clientHome, findProgram, requireRoot, run, type ClientHome, type Ran } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { nullGuid } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'
import { azHome, claimsOf, signIn, step } from './az/az.ts'
import { keptLogin, makeImage, push } from './az/podman.ts'
import { azureLogin, githubLogin, gitlabLogin, jenkinsLogin, type LoginScript } from './lib/ci-job.ts'
import { startDocker } from './lib/docker.ts'
import { examplesOf, readDocument, root } from './lib/examples.ts'
import { startJobTokenEndpoint } from './lib/job-tokens.ts'

const page = readDocument('docs/how-to/ci.md')

/** dockerd verifies no certificate of a host whose address is a loopback one, so its registry has another name. */
const dockerHostname = 'registry.test'

await using setup = new AsyncDisposableStack()
const issuer = setup.use(await startTokenIssuer())
const server = setup.use(await startServer({ args: trustArguments(issuer), registry: 'contoso' }))
const owner = setup.use(azHome(server.caFile))
const acrux = setup.use(acruxClient(server.caFile))
const job = setup.use(clientHome(server.caFile))
const { loginServer } = server.firstRun

/** The claims of the next tokens that the CI systems issue. */
let claims: Readonly<Record<string, unknown>> = {}
const endpoint = setup.use(
  await startJobTokenEndpoint(({ audience = 'api://AzureADTokenExchange', connection }) =>
    issuer.token({ aud: audience, ...(connection !== undefined && { connection }), ...claims }),
  ),
)
const whole = setup.move()
after(() => whole.disposeAsync())

/** Replaces what is elsewhere for readers: the server, and the issuers of CI systems. */
function here(text: string): string {
  const issuers =
    /https:\/\/(?:token\.actions\.githubusercontent\.com|gitlab\.com|vstoken\.dev\.azure\.com\/ORGANIZATION-ID|jenkins\.example\.com\/oidc)"/g
  return text.replaceAll('registry.example.com', loginServer).replaceAll(issuers, `${issuer.origin}"`)
}

let appId = ''

/** Runs commands of the page as the owner. Returns what they print. */
async function shell(script: string): Promise<string> {
  const { AZURE_CORE_INSTANCE_DISCOVERY: _settled, ...settled } = owner.home.env
  const env = { ...settled, ACRUX_CONFIG_DIR: acrux.configDir, APP_ID: appId }
  const defined = `acrux() { ${process.execPath} ${mainFile} "$@"; }\n${here(script)}`
  const ran = await run('bash', ['-euo', 'pipefail', '-c', defined], { env, timeoutMs: 600_000 })
  assert.equal(ran.code, 0, `${script}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

const trusts = ['github-trust', 'gitlab-trust', 'azure-trust', 'jenkins-trust'].map((name) => examplesOf(page, name))

/** Creates an application that trusts the jobs of all systems, by the commands of the page. Returns its client id. */
async function createApplication(change: (script: string) => string): Promise<string> {
  const script = [examplesOf(page, 'application'), ...trusts].join('\n')
  const printed = await shell(`${change(script)}\necho "APP_ID=$APP_ID"`)
  return /APP_ID=([0-9a-f-]{36})/.exec(printed)?.[1] ?? ''
}

before(async () => {
  if (['az', 'podman', 'curl', 'git'].some((name) => findProgram(name) === undefined)) return
  await signIn(owner, server)
  await acrux.text(principalLogin(server), { input: server.firstRun.servicePrincipal.password })
  appId = await createApplication((script) => script)
  await shell(examplesOf(page, 'azure-audience'))
})

const argumentsFile = join(job.path, 'arguments')

/** Puts programs before those of the machine, which record their arguments. */
function recordArguments(home: ClientHome, programs: readonly string[]): string {
  const bin = join(home.path, 'bin')
  mkdirSync(bin, { recursive: true })
  for (const name of programs) {
    const program = findProgram(name) ?? name
    writeFileSync(join(bin, name), `#!/bin/sh\nprintf '%s\\n' "$0 $*" >>${argumentsFile}\nexec ${program} "$@"\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return bin
}

/** A job of a CI system: the script that logs in, and what only this system has. */
type System = {
  readonly name: string
  readonly claims: Readonly<Record<string, unknown>>
  /** Claims of a job that the application does not trust. */
  readonly other: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string>>
  /** What masks a token in the log; undefined if the system does it without a command. */
  readonly mask?: (token: string) => string
  /** The login with the client id of the application, or without one. */
  readonly login: (home: ClientHome, clientId?: string) => LoginScript | Promise<LoginScript>
}

const main = { ref: 'refs/heads/main', repository_id: '123456789', sub: 'repo:octo/app:ref:refs/heads/main' }
const github: System = {
  name: 'GitHub Actions',
  claims: main,
  other: { ...main, ref: 'refs/heads/topic', sub: 'repo:octo/app:ref:refs/heads/topic' },
  env: endpoint.github,
  mask: (token) => `::add-mask::${token}`,
  login: (_home, clientId) =>
    githubLogin(here(examplesOf(page, 'github')), { client: 'podman', ...(clientId && { 'client-id': clientId }) }),
}
const ofProject = { project_id: '42', ref_type: 'branch' }
const systems: readonly System[] = [
  github,
  {
    name: 'GitLab',
    claims: { ...ofProject, ref: 'main', sub: 'project_path:team/app:ref_type:branch:ref:main' },
    other: { ...ofProject, ref: 'topic', sub: 'project_path:team/app:ref_type:branch:ref:topic' },
    env: { GITLAB_CI: 'true' },
    login: (home, clientId) => {
      const more = clientId === undefined ? '' : `, client-id: ${clientId}`
      const inputs = `inputs: { registry: ${loginServer}, client: podman${more} }`
      return gitlabLogin(here(examplesOf(page, 'gitlab')).replace(/inputs: \{[^}]*\}/, inputs), home)
    },
  },
  {
    name: 'Azure Pipelines',
    claims: { sub: 'sc://ORGANIZATION/PROJECT/CONNECTION' },
    other: { sub: 'sc://ORGANIZATION/PROJECT/OTHER' },
    env: endpoint.azure,
    mask: (token) => `##vso[task.setsecret]${token}`,
    login: (_home, clientId) =>
      azureLogin(
        here(examplesOf(page, 'azure')),
        { client: 'podman', ...(clientId && { clientId }) },
        endpoint.accessToken,
      ),
  },
  {
    name: 'Jenkins',
    claims: { sub: 'https://jenkins.example.com/job/app/' },
    other: { sub: 'https://jenkins.example.com/job/other/' },
    env: { JENKINS_URL: 'https://jenkins.example.com/' },
    login: (home, clientId) => {
      const variables = { ACRUX_CLIENT: 'podman', ...(clientId && { ACRUX_CLIENT_ID: clientId }) }
      return jenkinsLogin(here(examplesOf(page, 'jenkins')), variables, home.path)
    },
  },
]

/** Runs the login as a job with these claims. Holds that no program got a token as an argument, and that the log masks it. */
async function runJob(system: System, home: ClientHome, given: Readonly<Record<string, unknown>>, clientId?: string) {
  rmSync(argumentsFile, { force: true })
  claims = given
  const {
    shell: [program, ...before],
    script,
    env,
    audience,
  } = await system.login(home, clientId)
  const token = audience === undefined ? {} : { ACRUX_ID_TOKEN: issuer.token({ aud: audience, ...claims }) }
  const bin = recordArguments(home, ['curl', 'docker', 'podman'])
  const all = { ...home.env, PATH: `${bin}:${home.env['PATH'] ?? ''}`, ...system.env, ...env, ...token }
  const ran = await run(program, [...before, script], { env: all, cwd: home.path })
  assertSecret(system, ran)
  return ran
}

const tokenForm = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g

function assertSecret({ mask }: System, { stdout, stderr }: Ran): void {
  const seen = existsSync(argumentsFile) ? readFileSync(argumentsFile, 'utf8') : ''
  assert.match(seen, / login /)
  assert.doesNotMatch(seen, tokenForm)
  assert.equal(seen.includes(endpoint.accessToken), false)
  const log = `${stdout}${stderr}`
  const [token] = log.match(tokenForm) ?? []
  assert.equal(token !== undefined, mask !== undefined)
  if (token !== undefined && mask !== undefined)
    assert.doesNotMatch(log.replace(`${mask(token)}\n`, ''), tokenForm, 'only the command that masks it has the token')
}

/** Holds that the log has the message of a denial, and the correlation id of a denial that the server recorded. */
async function assertDenied({ code, stdout, stderr }: Ran, says: RegExp, at: RunningServer = server): Promise<void> {
  const log = `${stdout}${stderr}`
  assert.equal(code, 1, log)
  assert.match(log, says)
  const id = /Correlation id: ([0-9a-f-]{36})\./.exec(log)?.[1] ?? ''
  const url = `${registryId(at)}/decisions/${id}?api-version=2025-03-01-preview`
  const told = expectStatus(await arm(at, 'GET', url), 200).json()
  assert.equal(stringAt(told, 'presented', 'issuer'), issuer.origin)
}

const programs = ['az', 'podman', 'curl', 'git']

for (const system of systems) {
  step(`two lines log a job of ${system.name} in, and it pushes`, programs, async () => {
    const ran = await runJob(system, job, system.claims)
    assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`)
    const { username, password } = keptLogin(job, loginServer)
    assert.equal(username, nullGuid)
    assert.equal(stringAt(claimsOf(password), 'sub'), system.claims['sub'])
    await makeImage(job, 'localhost/tiny:job', `pushed by a job of ${system.name}`)
    await push(job, 'localhost/tiny:job', `${loginServer}/team/app:1`)
  })

  step(`the log of a job of ${system.name} shows why the login was denied`, programs, async () => {
    await assertDenied(
      await runJob(system, job, system.other),
      /no federated credential trusts the subject of the token/,
    )
    const audience = await runJob(system, job, { ...system.claims, aud: 'https://other.example.com' })
    await assertDenied(audience, new RegExp(`wanted the audience ${loginServer}`))
    const exp = Math.floor(Date.now() / 1000) - 60
    const expired = await runJob(system, job, { ...system.claims, iat: exp - 600, nbf: exp - 600, exp })
    await assertDenied(expired, new RegExp(`expired at ${new Date(exp * 1000).toISOString()}`))
  })
}

step(
  'a job of GitHub without the permission to request a token is denied with the permission to add',
  programs,
  async () => {
    const ran = await run('sh', [join(root, 'actions/login/login.sh')], {
      env: { ...job.env, GITHUB_ACTIONS: 'true', ACRUX_LOGIN_SERVER: loginServer },
    })
    assert.equal(ran.code, 1)
    assert.match(ran.stdout, /^::error title=Login to \S+::.*permissions: \{ id-token: write \}/m)
  },
)

step('a login server, a client id or a token that is not one is not used', programs, async () => {
  const fails = async (env: Readonly<Record<string, string>>, says: RegExp): Promise<void> => {
    const all = { ...job.env, ACRUX_LOGIN_SERVER: loginServer, ACRUX_ID_TOKEN: 'a.b.c', ...env }
    const ran = await run('sh', [join(root, 'actions/login/login.sh')], { env: all })
    assert.equal(ran.code, 1)
    assert.match(ran.stderr, says)
  }
  await fails({ ACRUX_LOGIN_SERVER: `${loginServer}/v2/` }, /is not a login server/)
  await fails({ ACRUX_LOGIN_SERVER: '' }, /is not a login server/)
  await fails({ ACRUX_CLIENT_ID: `${nullGuid}"` }, /is not a client id/)
  await fails({ ACRUX_ID_TOKEN: 'a.b.c"\nurl = "https://other.example.com' }, /is not a JSON web token/)
})

step('a job whose registry does not respond is not logged in', programs, async () => {
  const env = {
    ...job.env,
    ACRUX_LOGIN_SERVER: 'localhost:9',
    ACRUX_ID_TOKEN: issuer.token({}),
    ACRUX_CLIENT: 'podman',
  }
  const ran = await run('sh', [join(root, 'actions/login/login.sh')], { env })
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /the registry did not respond to curl/)
})

step(
  'docker logs in by the action, and its job shows why a login was denied',
  ['docker', 'dockerd', 'curl'],
  async (t) => {
    if (!requireRoot(t)) return
    await using there = await startServer({ args: trustArguments(issuer), publicHost: dockerHostname })
    const host = there.firstRun.loginServer
    const { caFile } = there
    await using docker = await startDocker({ hostname: dockerHostname, host, store: 'the classic image store', caFile })
    const application = await createServicePrincipal(there, 'job')
    await assignRole(there, application.objectId, roles.acrPush, registryId(there))
    const trust = { name: 'main', issuer: issuer.origin, subject: main.sub, audiences: [host] }
    const path = `/applications/${application.applicationObjectId}/federatedIdentityCredentials`
    expectStatus(await graph(there, 'POST', path, trust), 201)
    using home = clientHome(caFile)
    const resolve = `resolve = "${host}:127.0.0.1"\n`
    writeFileSync(join(home.path, '.curlrc'), resolve)
    const withDocker: System = {
      ...github,
      env: { ...github.env, DOCKER_HOST: docker.dockerHost },
      login: () => githubLogin(examplesOf(page, 'github').replaceAll('registry.example.com', host), { client: '' }),
    }
    const ran = await runJob(withDocker, home, main)
    assert.match(ran.stdout, /Login Succeeded/, ran.stderr)
    const config: unknown = JSON.parse(readFileSync(join(home.path, 'docker', 'config.json'), 'utf8'))
    assert.equal(stringAt(claimsOf(stringAt(config, 'auths', host, 'identitytoken')), 'sub'), application.appId)
    await assertDenied(
      await runJob(withDocker, home, { ...main, sub: 'other' }),
      /no federated credential trusts/,
      there,
    )
  },
)

step('the commands of the page also work with az, and a job with two applications names one', programs, async () => {
  const second = await createApplication((script) =>
    script.replaceAll(/\bacrux (?=ad|acr)/g, 'az ').replace('-name ci ', '-name second '),
  )
  const names = (await shell(examplesOf(page, 'list'))).trim().split('\n').toSorted()
  assert.deepEqual(names, ['azure-pipelines', 'github-main', 'gitlab-main', 'jenkins-app'])
  for (const system of systems) {
    await assertDenied(await runJob(system, job, system.claims), /more than one application trusts the token/)
    const ran = await runJob(system, job, system.claims, second)
    assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`)
    assert.equal(keptLogin(job, loginServer).username, second)
  }
})
