import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { expectStatus, graph } from '../harness/arm.ts'
import { findProgram, requireRoot, run } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { acruxInPath } from './acrux/acrux-in-path.ts'
import { azHome, signIn, step, type Az } from './az/az.ts'
import { examplesOf, readDocument, root, storyOf } from './lib/examples.ts'

const issuer = await startTokenIssuer()
const laptop = await startServer({ registry: 'myregistry', dev: false })
const team = await startServer({ registry: 'contoso', args: trustArguments(issuer) })
const reader = azHome(laptop.caFile)
const owner = azHome(team.caFile)
after(async () => {
  reader[Symbol.dispose]()
  owner[Symbol.dispose]()
  await laptop[Symbol.asyncDispose]()
  await team[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})
before(async () => {
  if (findProgram('az') !== undefined) await signIn(owner, team)
})

/** Runs a script of a document against a server, in a shell that stops at the first failure. Returns what it printed. */
async function shell(as: Az, server: RunningServer, script: string, variables: Record<string, string> = {}) {
  const here = script
    .replaceAll(/localhost:5443|registry\.example\.com/g, server.firstRun.loginServer)
    .replaceAll('https://token.actions.githubusercontent.com', issuer.origin)
    .replaceAll('--data-dir acrux-data', `--data-dir ${server.dataDir}`)
    .replaceAll('./ci.json', join(as.home.path, 'ci.json'))
    .replaceAll('./new-', join(as.home.path, 'new-'))
    .replaceAll('npx acrux', 'acrux')
  const { AZURE_CORE_INSTANCE_DISCOVERY: _settled, ...settled } = acruxInPath(as.home)
  const ran = await run('bash', ['-euo', 'pipefail', '-c', here], {
    env: { ...settled, DOCKER_COMMAND: 'podman', ACRUX_DATA_DIR: server.dataDir, ...variables },
    cwd: root,
    timeoutMs: 900_000,
  })
  assert.equal(ran.code, 0, `${here}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

const pages = {
  first: readDocument('docs/tutorials/first-registry.md'),
  team: readDocument('docs/tutorials/team.md'),
  ci: readDocument('docs/tutorials/ci-without-secrets.md'),
  grant: readDocument('docs/how-to/grant-push.md'),
  people: readDocument('docs/how-to/people.md'),
  rotate: readDocument('docs/how-to/rotate.md'),
  cleanUp: readDocument('docs/how-to/clean-up.md'),
}

step('every command of the tutorial "Your first registry" works', ['az', 'podman'], async (t) => {
  if (!requireRoot(t)) return
  const story = storyOf(pages.first, 'first').replace('podman pull', `${examplesOf(pages.first, 'three')}\npodman pull`)
  const printed = await shell(reader, laptop, `cd "$TMPDIR"\n${story}\necho every command ran`)
  assert.match(printed, /"hello"/)
  assert.match(printed, /^reason: +role-lacks-action$/m)
  assert.match(printed, /every command ran/)
})

step('every command of the tutorial "A team in fifteen minutes" works', ['az', 'podman'], async (t) => {
  if (!requireRoot(t)) return
  const printed = await shell(reader, laptop, storyOf(pages.team, 'team'))
  assert.match(printed, /^allowed$/m)
  assert.match(printed, /^Group +team-push\n +User +ada@example\.com$/m)
  assert.match(printed, /^not allowed: condition-is-not-met$/m)
})

step('every command of the tutorial "CI without secrets" works', ['az'], async () => {
  const printed = await shell(owner, team, examplesOf(pages.ci, 'ci'))
  assert.match(printed, /^[0-9a-f-]{36}$/m)
})

step('the workflow of the tutorial is that of the page on CI systems', [], async () => {
  const other = examplesOf(readDocument('docs/how-to/ci.md'), 'github')
  assert.equal(examplesOf(pages.ci, 'ci-workflow'), other)
})

step('the commands for onboarding a person and for granting push work', ['az'], async () => {
  await owner.json('ad', 'group', 'create', '--display-name', 'developers', '--mail-nickname', 'developers')
  const readers = ['--query', 'id', '-o', 'tsv']
  const group = await owner.text('ad', 'group', 'show', '--group', 'developers', ...readers)
  const scope = await owner.text('acr', 'show', '-n', 'contoso', ...readers)
  const who = ['--assignee-object-id', group, '--assignee-principal-type', 'Group']
  await owner.json('role', 'assignment', 'create', '--role', 'AcrPull', '--scope', scope, ...who)
  const onboarded = await shell(owner, team, examplesOf(pages.people, 'onboard'), {
    FIRST_PASSWORD: 'tidal lantern 7 quilt',
  })
  assert.match(onboarded, /^allowed$/m)
  const granted = await shell(
    owner,
    team,
    ['mode', 'grant', 'grant-az', 'token'].map((name) => examplesOf(pages.grant, name)).join('\n'),
  )
  assert.match(granted, /^LegacyRegistryPermissions$/m)
  assert.match(granted, /^allowed$/m)
  assert.match(granted, /^User +ada@example\.com$/m)
})

step('the commands for a lost device and for offboarding work', ['az'], async () => {
  const id = await owner.text('ad', 'user', 'show', '--id', 'ada@example.com', '--query', 'id', '-o', 'tsv')
  await shell(owner, team, examplesOf(pages.people, 'lost-device'), { USER_ID: id })
  await shell(owner, team, examplesOf(pages.people, 'offboard'))
  expectStatus(await graph(team, 'GET', `/users/${id}`), 404)
})

step('the commands for rotating credentials work', ['az'], async () => {
  const made = await owner.json('ad', 'sp', 'create-for-rbac', '--name', 'rotated')
  const list = ['ad', 'app', 'credential', 'list', '--id', stringAt(made, 'appId')]
  const variables = { APP_ID: stringAt(made, 'appId') }
  const oldKeyId = await owner.text(...list, '--query', '[0].keyId', '-o', 'tsv')
  await signInAcrux(owner, team)
  await shell(owner, team, examplesOf(pages.rotate, 'rotate-sp'), variables)
  await shell(owner, team, atOnce(examplesOf(pages.rotate, 'rotate-sp-finish')), variables)
  const left = await owner.text(...list, '--query', '[].keyId', '-o', 'tsv')
  assert.match(left, /^[0-9a-f-]{36}$/)
  assert.notEqual(left, oldKeyId)

  const partner = ['-r', 'contoso', '-n', 'partner']
  await owner.json('acr', 'token', 'create', ...partner, '--repository', 'team/app', 'content/read')
  await owner.text('acr', 'token', 'credential', 'delete', ...partner, '--password2')
  await owner.json('acr', 'update', '-n', 'contoso', '--admin-enabled', 'true')
  const names = ['rotate-token', 'rotate-token-finish', 'rotate-admin', 'rotate-keys']
  await shell(owner, team, names.map((name) => atOnce(examplesOf(pages.rotate, name))).join('\n'))
})

step('the commands for deleting old images and cancelling uploads work', ['az'], async () => {
  const { appId, password } = team.firstRun.servicePrincipal
  await signInAcrux(owner, team)
  // The page on granting push has changed the mode of the registry, in which an owner has no permissions on repositories.
  const scope = await owner.text('acr', 'show', '-n', 'contoso', '--query', 'id', '-o', 'tsv')
  const role = ['--role', 'Container Registry Repository Contributor', '--scope', scope]
  await owner.json('role', 'assignment', 'create', '--assignee', appId, ...role)
  for (const tag of ['dev-1', 'dev-2', 'dev-3', 'dev-4', 'v1'])
    await pushImage(team, 'team/app', tag, basic(appId, password))
  const script = examplesOf(pages.cleanUp, 'purge').replaceAll('--ago 30d', '--ago 0')
  const printed = await shell(owner, team, `${script}\n${examplesOf(pages.cleanUp, 'uploads')}`)
  assert.match(printed, /^would delete 1 tags and 1 manifests$/m)
  assert.match(printed, /^deleted 1 tags and 1 manifests$/m)
  assert.match(printed, /^cancelled 0 uploads$/m)
})

/** A rotation as it is a day later. */
function atOnce(script: string): string {
  return script.replace('--after 24h', '--after 0')
}

/** Signs acrux in as the owner of a server, in the home of az. */
async function signInAcrux(as: Az, server: RunningServer): Promise<void> {
  const { resourceManager, caFile, servicePrincipal, tenantId } = server.firstRun
  const who = `--service-principal -u ${servicePrincipal.appId} --tenant ${tenantId}`
  await shell(as, server, `acrux login --server ${resourceManager} --ca-file ${caFile} ${who}`, {
    ACRUX_CLIENT_SECRET: servicePrincipal.password,
  })
}
