import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { mustRun, run, type Ran } from '../harness/clients.ts'
import { assignRole, createServicePrincipal, registryId, roles } from '../harness/arm.ts'
import { mainFile } from '../harness/program.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { acruxCommands, rowOf } from './acrux/command-table.ts'
import { azHome, signIn, step } from './az/az.ts'
import { type Line, type Values, argumentsOf, comparable } from './equal/line.ts'
import { contentLines, deletedLines } from './equal/content.ts'
import { directoryLines, roleLines } from './equal/management.ts'
import { profileLines } from './equal/profile.ts'
import { registryChangeLines, registryLines, tokenLines } from './equal/registry.ts'
import { certificateLines, ownerLines, updateLines } from './equal/update.ts'

const { commands } = await acruxCommands()

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})
const { firstRun } = server

const own = { az: 'azown', acrux: 'acown' }
const ownObjectId = {
  az: (await createServicePrincipal(server, 'first')).objectId,
  acrux: (await createServicePrincipal(server, 'second')).objectId,
}
const owner = await createServicePrincipal(server, 'content')
for (const role of [roles.acrPull, roles.acrPush]) await assignRole(server, owner.objectId, role, registryId(server))
const images = await Promise.all(
  ['samples/hello:v1', 'samples/hello:v2', `${own.az}:v1`, `${own.acrux}:v1`].map((image) => {
    const [repository = '', tag = ''] = image.split(':')
    return pushImage(server, repository, tag, basic(owner.appId, owner.password))
  }),
)
const softImages = await Promise.all(
  [own.az, own.acrux].map((name) =>
    pushImage(
      server,
      `soft/${name}`,
      { tag: 'v1', layers: [Buffer.from('kept for days\n')] },
      basic(owner.appId, owner.password),
    ),
  ),
)
const values = {
  softDigest: softImages[0]?.digest ?? '',
  digest: images[0]?.digest ?? '',
  registryId: registryId(server),
  objectId: owner.objectId,
  registry: firstRun.registry,
  server: firstRun.loginServer,
  group: firstRun.resourceGroup,
  subscription: firstRun.subscriptionId,
  appId: owner.appId,
  certificate: await newCertificate(),
}

/** The assignment that each client changes, and a file with its JSON. */
const ownAssignment = {
  az: '77777777-0000-4000-8000-00000000000a',
  acrux: '77777777-0000-4000-8000-00000000000b',
}
const ownFile = { az: await assignmentFile('az'), acrux: await assignmentFile('acrux') }

async function assignmentFile(client: 'az' | 'acrux'): Promise<string> {
  const file = join(az.home.path, `${client}-assignment.json`)
  const repositories = 'Microsoft.ContainerRegistry/registries/repositories'
  const assignment = {
    name: ownAssignment[client],
    scope: values.registryId,
    roleDefinitionId: `/subscriptions/${values.subscription}/providers/Microsoft.Authorization/roleDefinitions/${roles.acrPush}`,
    principalId: ownObjectId[client],
    condition: `@Request[${repositories}:name] StringEquals 'samples/hello'`,
    conditionVersion: '2.0',
    description: 'only one repository',
  }
  await writeFile(file, JSON.stringify(assignment))
  return file
}

/** A certificate as DER in Base64. */
async function newCertificate(): Promise<string> {
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', join(az.home.path, 'key.pem')]
  const pem = await mustRun('openssl', ['req', '-x509', ...key, '-days', '900', '-subj', '/CN=app'], {
    env: az.home.env,
  })
  return pem.stdout.replaceAll(/-----[^-]+-----|\n/g, '')
}

function acrux(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const home = { ...az.home.env, ACRUX_CONFIG_DIR: join(az.home.path, 'acrux') }
  return run(process.execPath, [mainFile, ...args], { env: { ...home, ...env } })
}

step('az and acrux sign in to the same server as the same principal', ['az'], async () => {
  await signIn(az, server)
  const { appId, password } = firstRun.servicePrincipal
  const principal = ['--service-principal', '-u', appId, '--tenant', firstRun.tenantId]
  const signedIn = await acrux(['login', '--server', server.baseUrl, '--ca-file', server.caFile, ...principal], {
    ACRUX_CLIENT_SECRET: password,
  })
  assert.equal(signedIn.code, 0, signedIn.stderr)
})

const families: Readonly<Record<string, readonly Line[]>> = {
  'reading registries': registryLines,
  content: contentLines,
  'deleted content': deletedLines,
  'scope maps and tokens': tokenLines,
  'changing registries': registryChangeLines,
  'roles and groups': roleLines,
  'the directory': directoryLines,
  'generic updates': updateLines,
  'owners and trust': ownerLines,
  certificates: certificateLines,
}
test('every command that az has, as the table of commands says, is compared with az', () => {
  const lines = [
    ...Object.values(families).flatMap((family) => family.map(({ line }) => line)),
    ...profileLines(firstRun).map(([args]) => args.join(' ')),
  ]
  const compared = new Set(lines.map((line) => rowOf(commands, line)?.path))
  assert.deepEqual(
    commands
      .filter(({ path, az: equivalent }) => equivalent !== undefined && !compared.has(path))
      .map(({ path }) => path),
    [],
  )
})

for (const [family, lines] of Object.entries(families)) {
  for (const each of lines) step(`acrux ${each.line} does what az does (${family})`, ['az'], () => isEqual(each))
}

function valuesOf(client: 'az' | 'acrux'): Values {
  return {
    ...values,
    own: own[client],
    ownObjectId: ownObjectId[client],
    ownAssignment: ownAssignment[client],
    ownFile: ownFile[client],
  }
}

async function isEqual(line: Line): Promise<void> {
  const { code = 0 as number, says } = line
  const asAz = await az.run(argumentsOf(line.line, valuesOf('az')))
  const asAcrux = await acrux(argumentsOf(line.line, valuesOf('acrux')))
  assert.equal(asAz.code, code, `az: ${asAz.stdout}${asAz.stderr}`)
  assert.equal(asAcrux.code, code, `acrux: ${asAcrux.stdout}${asAcrux.stderr}`)
  assert.equal(comparable(line, asAcrux.stdout, own.acrux), comparable(line, asAz.stdout, own.az))
  if (code === 0 && !/ (?:-o|--query) /.test(line.line)) printsWhatItsRowSays(line.line, asAz.stdout)
  if (says === undefined) return
  assert.match(asAz.stderr, says)
  assert.match(asAcrux.stderr, says)
  assert.doesNotMatch(asAcrux.stderr, /\n\s+at /, 'no stack trace')
}

/** Requires that a command printed what the table of commands says. */
function printsWhatItsRowSays(line: string, stdout: string): void {
  const row = rowOf(commands, line)
  // The response to the deletion of an image is empty; that to the deletion of a repository is not.
  if (stdout === '' && row?.destroys !== undefined) return
  const printed = stdout.startsWith('[') ? 'list' : 'document'
  assert.equal(stdout === '' ? 'nothing' : printed, row?.prints, 'what the table of commands says')
}
