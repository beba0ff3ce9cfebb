import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { arm, createRegistry, createServicePrincipal, expectStatus, registryId } from '../harness/arm.ts'
import { clientHome, requireClient, run, type Ran } from '../harness/clients.ts'
import { createGroup, createPerson } from '../harness/directory.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { signInPerson } from '../harness/person.ts'
import { askExchange } from '../rights/tokens.ts'
import { nullGuid } from '../harness/registry.ts'
import { createScopedToken } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { createIdentity } from '../machines/machine.ts'
import { acruxClient, principalLogin, runPrinted } from './acrux/acrux.ts'
import { writeLayout } from './lib/oci-layout.ts'
import { assertFails, denial } from './lib/steps.ts'
import type { Login } from './lib/under-test.ts'

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
const acrux = acruxClient(server.caFile)
const scratch = tempDir('grant')
after(async () => {
  scratch.remove()
  acrux[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

await acrux.text(principalLogin(server), { input: server.firstRun.servicePrincipal.password })
const layout = join(scratch.path, 'image')
writeLayout(layout, { text: 'an image' })

type Mode = 'rbac' | 'rbac-abac'

/** Registries in both modes. */
const registries: Readonly<Record<Mode, Awaited<ReturnType<typeof createRegistry>>>> = {
  rbac: await createRegistry(server, 'legacy'),
  'rbac-abac': await createRegistry(server, 'perrepository'),
}
const abac = { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } }
expectStatus(await arm(server, 'PATCH', registries['rbac-abac'].id, abac), 200)

const runFixed = (command: string): Promise<Ran> =>
  runPrinted(command, { ...acrux.home.env, ACRUX_CONFIG_DIR: acrux.configDir })

/** The command that `acrux acr can` prints for a denied action. */
async function fixOf(mode: Mode, who: string, action: string, repository: string): Promise<string> {
  const ran = await acrux.run(['acr', 'can', who, action, repository, '-n', registries[mode].name])
  assert.equal(ran.code, 1, ran.stderr)
  const [, fix] = /^fix: (acrux acr grant .+)$/m.exec(ran.stdout) ?? []
  assert.ok(fix !== undefined, ran.stdout)
  return fix
}

async function runFix(mode: Mode, who: string, action: string, repository: string): Promise<void> {
  const fix = await fixOf(mode, who, action, repository)
  const ran = await runFixed(fix)
  assert.equal(ran.code, 0, `${fix}\n${ran.stdout}${ran.stderr}`)
}

type Transfer = 'push' | 'pull' | 'delete'

/** Signs skopeo in and pushes, pulls or deletes an image, in a home of its own. */
async function transfer(mode: Mode, login: Login | undefined, what: Transfer, repository: string): Promise<Ran> {
  using home = clientHome(server.caFile)
  const { env } = home
  const host = registries[mode].loginServer
  if (login !== undefined) {
    const args = ['login', '-u', login.username, '--password-stdin', host]
    const signedIn = await run('skopeo', args, { env, input: login.password })
    if (signedIn.code !== 0) return signedIn
  }
  const image = `docker://${host}/${repository}:1`
  if (what === 'delete') return await run('skopeo', ['delete', image], { env })
  const [from, to] = what === 'push' ? [`oci:${layout}:1`, image] : [image, `oci:${join(home.path, 'back')}:1`]
  return await run('skopeo', ['copy', from, to], { env })
}

async function assertDenied(mode: Mode, login: Login | undefined, what: Transfer, repository: string) {
  assertFails(await transfer(mode, login, what, repository), denial)
}

async function assertAllowed(mode: Mode, login: Login | undefined, what: Transfer, repository: string) {
  const ran = await transfer(mode, login, what, repository)
  assert.equal(ran.code, 0, ran.stderr)
}

async function assignmentsAt(mode: Mode): Promise<readonly unknown[]> {
  const path = `${registries[mode].id}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=atScope()`
  return listAt(expectStatus(await arm(server, 'GET', path), 200).json(), 'value')
}

/** A login with the token of a person, which the registry gives once the person may do anything. */
async function personLogin(mode: Mode, person: Parameters<typeof signInPerson>[1]): Promise<Login | undefined> {
  const { access } = await signInPerson(server, person, 'https://management.core.windows.net/')
  const answer = await askExchange(server, access, { loginServer: registries[mode].loginServer })
  return answer.status === 200 ? { username: nullGuid, password: stringAt(answer.json(), 'refresh_token') } : undefined
}

for (const mode of ['rbac', 'rbac-abac'] as const) {
  const { name } = registries[mode]
  const loginServer = registries[mode].loginServer
  const isWhole = mode === 'rbac'

  test(`an application that is denied can push after the printed command was run (${mode})`, async (t) => {
    if (!requireClient(t, 'skopeo')) return
    const application = await createServicePrincipal(server, `ci-${mode}`)
    const login = { username: application.appId, password: application.password }
    await acrux.text(['acr', 'grant', `ci-${mode}`, 'pull', isWhole ? '*' : 'base', '-n', name])
    await assertDenied(mode, login, 'push', 'team/app')
    const why = await acrux.text(['acr', 'why', '--last', '--principal', `ci-${mode}`, '-n', name])
    const [, fix = ''] = /^fix: {7}(acrux acr grant .+)$/m.exec(why) ?? []
    assert.equal((await runFixed(fix)).code, 0, why)
    await assertAllowed(mode, login, 'push', 'team/app')
    await assertAllowed(mode, login, 'pull', 'team/app')
    if (isWhole) await assertAllowed(mode, login, 'push', 'tools')
    else await assertDenied(mode, login, 'push', 'tools')
    const { stdout } = await acrux.run(['acr', 'can', application.appId, 'metadata_write', 'team/app', '-n', name])
    assert.match(stdout, /^not allowed/, 'the lock of an image is not a part of push')
  })

  test(`an application that may pull can delete after the printed command was run, and not push (${mode})`, async (t) => {
    if (!requireClient(t, 'skopeo')) return
    const cleaner = await createServicePrincipal(server, `cleaner-${mode}`)
    const writer = await createServicePrincipal(server, `writer-${mode}`)
    const repository = isWhole ? '*' : 'old/app'
    await acrux.text(['acr', 'grant', `writer-${mode}`, 'push', repository, '-n', name])
    await acrux.text(['acr', 'grant', `cleaner-${mode}`, 'pull', repository, '-n', name])
    await assertAllowed(mode, { username: writer.appId, password: writer.password }, 'push', 'old/app')
    const login = { username: cleaner.appId, password: cleaner.password }
    await assertDenied(mode, login, 'delete', 'old/app')
    await runFix(mode, `cleaner-${mode}`, 'delete', 'old/app')
    await assertDenied(mode, login, 'push', 'old/app')
    await assertAllowed(mode, login, 'delete', 'old/app')
  })

  test(`a user that is denied can pull after the printed command was run (${mode})`, async (t) => {
    if (!requireClient(t, 'skopeo')) return
    const person = await createPerson(server, `ada-${mode}`)
    assert.equal(await personLogin(mode, person), undefined)
    await runFix(mode, person.userPrincipalName, 'pull', 'team/app')
    await assertAllowed(mode, await personLogin(mode, person), 'pull', 'team/app')
    await assertDenied(mode, await personLogin(mode, person), 'push', 'team/app')
  })

  test(`a member of a group that is denied can push after the printed command was run for the group (${mode})`, async (t) => {
    if (!requireClient(t, 'skopeo')) return
    const member = await createServicePrincipal(server, `member-${mode}`)
    await createGroup(server, `Team push ${mode}`, member.objectId)
    const login = { username: member.appId, password: member.password }
    await assertDenied(mode, login, 'push', 'team/app')
    await runFix(mode, `Team push ${mode}`, 'push', 'team/app')
    await assertAllowed(mode, login, 'push', 'team/app')

    const again = await acrux.text(['acr', 'grant', `member-${mode}`, 'push', 'team/app', '-n', name])
    assert.match(again, /^Application member-\S+ can already push to team\/app in /)
    const revoked = await acrux.run(['acr', 'revoke', `member-${mode}`, 'push', 'team/app', '-n', name])
    assert.equal(revoked.code, 1, revoked.stderr)
    assert.match(
      revoked.stdout,
      /the group Team push .* has the role .*To remove it:\n {2}az ad group member remove --group/,
    )
  })

  test(`a managed identity that is denied can push after the printed command was run (${mode})`, async (t) => {
    if (!requireClient(t, 'skopeo')) return
    const identity = await createIdentity(server, `build-${mode}`)
    const subject = `system:serviceaccount:team:${mode}`
    const properties = { issuer: issuer.origin, subject, audiences: [loginServer] }
    const credential = `${identity.id}/federatedIdentityCredentials/cluster`
    expectStatus(await arm(server, 'PUT', credential, { properties }), 201)
    const login = { username: identity.clientId, password: issuer.token({ sub: subject, aud: loginServer }) }
    await assertDenied(mode, login, 'push', 'team/app')
    await runFix(mode, `build-${mode}`, 'push', 'team/app')
    await assertAllowed(mode, login, 'push', 'team/app')
  })

  test(`a scoped token that is denied can push after the printed command was run, and no other token (${mode})`, async (t) => {
    if (!requireClient(t, 'skopeo')) return
    const token = await createScopedToken(server, 'device', '_repositories_pull_metadata_read', name)
    const other = await createScopedToken(server, 'other', '_repositories_pull_metadata_read', name)
    await assertDenied(mode, token, 'push', 'team/app')
    await runFix(mode, 'token:device', 'push', 'team/app')
    await assertAllowed(mode, token, 'push', 'team/app')
    await assertDenied(mode, token, 'push', 'tools')
    await assertDenied(mode, other, 'push', 'team/app')

    const say = await acrux.text(['acr', 'revoke', 'token:device', 'push', 'team/app', '-n', name])
    assert.match(say, /^Scoped token device can no longer push to team\/app/m)
    await assertDenied(mode, token, 'push', 'team/app')
    await assertAllowed(mode, token, 'pull', 'team/app')
  })

  test(`anonymous callers that are denied can pull one repository after the printed command was run (${mode})`, async (t) => {
    if (!requireClient(t, 'skopeo')) return
    await assertDenied(mode, undefined, 'pull', 'team/app')
    await runFix(mode, 'anonymous', 'pull', 'team/app')
    await assertAllowed(mode, undefined, 'pull', 'team/app')
    await assertDenied(mode, undefined, 'pull', 'other')
    await acrux.text(['acr', 'revoke', 'anonymous', 'pull', 'team/app', '-n', name])
    await assertDenied(mode, undefined, 'pull', 'team/app')
  })

  test(`a dry run shows the changes, and makes none (${mode})`, async () => {
    await createServicePrincipal(server, `dry-${mode}`)
    const before = await assignmentsAt(mode)
    const args = ['acr', 'grant', `dry-${mode}`, 'delete', 'team/app', '-n', name, '--dry-run']
    const shown = await acrux.text(args)
    assert.match(
      shown,
      isWhole
        ? /^- assign AcrDelete\n- assign AcrPull$/m
        : /^- assign Container Registry Repository Contributor for team\/app$/m,
    )
    assert.match(shown, /The command changed nothing, because of --dry-run\.$/)
    const revoked = await acrux.run([
      'acr',
      'revoke',
      `ci-${mode}`,
      'push',
      isWhole ? '*' : 'team/app',
      '-n',
      name,
      '--dry-run',
    ])
    assert.match(revoked.stdout, isWhole ? /^- remove AcrPush$/m : /^- add team\/app .*\n- remove /m)
    for (const who of ['token:other', 'anonymous'])
      await acrux.text(['acr', 'grant', who, 'pull', 'dry/run', '-n', name, '--dry-run'])
    assert.deepEqual(await assignmentsAt(mode), before)
    const maps = expectStatus(await arm(server, 'GET', `${registryId(server, name)}/scopeMaps`), 200).json()
    assert.ok(!JSON.stringify(maps).includes('dry/run'))
  })
}

test('a role for one repository is not granted for all without a confirmation, which says so', async () => {
  const application = await createServicePrincipal(server, 'wide')
  const args = ['acr', 'grant', 'wide', 'push', 'team/app', '-n', 'legacy']
  await acrux.fails(
    1,
    /covers all repositories, not only team\/app[^]*--role-assignment-mode rbac-abac[^]*acr token create[^]*confirmation is required: Allow application wide to push in all repositories/,
    args,
  )
  assert.ok(!JSON.stringify(await assignmentsAt('rbac')).includes(application.objectId))
  const done = await acrux.text([...args, '--yes'])
  assert.match(done, /^Application wide can now push to all repositories in legacy\.$/m)
  const one = await acrux.run(['acr', 'revoke', 'wide', 'push', 'team/app', '-n', 'legacy'])
  assert.equal(one.code, 1)
  const [, command = ''] = /^ {2}(acrux acr revoke .+)$/m.exec(one.stdout) ?? []
  assert.equal((await runFixed(command)).code, 0, one.stdout)
  const can = (action: string) => acrux.run(['acr', 'can', 'wide', action, 'team/app', '-n', 'legacy'])
  assert.equal((await can('push')).code, 1)
  assert.equal((await can('pull')).code, 0, 'pull stays')
})

test('repositories are added to one assignment and removed from it, and only these', async () => {
  const application = await createServicePrincipal(server, 'several')
  const at = ['-n', 'perrepository']
  const grant = (action: string, repository: string) =>
    acrux.text(['acr', 'grant', 'several', action, repository, ...at])
  const revoke = (action: string, repository: string) =>
    acrux.text(['acr', 'revoke', 'several', action, repository, ...at])
  const can = async (action: string, repository: string) =>
    (await acrux.run(['acr', 'can', 'several', action, repository, ...at])).code === 0
  const own = async () =>
    (await assignmentsAt('rbac-abac')).filter(
      (each) => stringAt(each, 'properties', 'principalId') === application.objectId,
    )
  await grant('pull', 'a')
  await grant('pull', 'b')
  await grant('pull', 'team/*')
  assert.equal((await own()).length, 1)
  await revoke('pull', 'a')
  assert.deepEqual([await can('pull', 'a'), await can('pull', 'b'), await can('pull', 'team/x')], [false, true, true])
  const part = await acrux.run(['acr', 'revoke', 'several', 'pull', 'team/x', ...at])
  assert.equal(part.code, 1)
  assert.match(part.stdout, /^ {2}acrux acr revoke several pull 'team\/\*' -n perrepository$/m)
  await grant('delete', 'b')
  assert.deepEqual([await can('delete', 'b'), await can('push', 'b')], [true, false], 'delete does not include push')
  await revoke('delete', 'b')
  assert.deepEqual([await can('delete', 'b'), await can('pull', 'b')], [false, true])
  await revoke('pull', '*')
  assert.equal((await own()).length, 0)
  assert.match(await revoke('pull', 'b'), /there is nothing to revoke/)
})

test('a condition of another form stays, and the repository is allowed in addition', async () => {
  const application = await createServicePrincipal(server, 'conditioned')
  const attribute = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]'
  const condition = `${attribute} StringLikeIgnoreCase '*-prod'`
  const role = 'Container Registry Repository Reader'
  const scope = registries['rbac-abac'].id
  const create = ['role', 'assignment', 'create', '--role', role, '--scope', scope, '--assignee-object-id']
  await acrux.json([...create, application.objectId, '--condition', condition])
  await runFix('rbac-abac', 'conditioned', 'pull', 'team/app')
  for (const [repository, code] of [
    ['web-prod', 0],
    ['team/app', 0],
    ['web-test', 1],
  ] as const) {
    const ran = await acrux.run(['acr', 'can', 'conditioned', 'pull', repository, '-n', 'perrepository'])
    assert.equal(ran.code, code, `${repository}\n${ran.stdout}`)
  }
  await acrux.text(['acr', 'revoke', 'conditioned', 'pull', 'team/app', '-n', 'perrepository'])
  const left = (await assignmentsAt('rbac-abac')).find(
    (each) => at(each, 'properties', 'principalId') === application.objectId,
  )
  assert.equal(stringAt(left, 'properties', 'condition'), condition)
})

test('a name of several principals is an error that lists them, and an id selects one', async () => {
  const one = await createServicePrincipal(server, 'twins')
  const group = await createGroup(server, 'twins')
  const args = ['pull', 'team/app', '-n', 'perrepository', '--dry-run']
  const ran = await acrux.run(['acr', 'grant', 'twins', ...args])
  assert.equal(ran.code, 1)
  for (const line of [`application twins, ${one.objectId}`, `group twins, ${group}`])
    assert.ok(ran.stderr.includes(line), ran.stderr)
  assert.match(await acrux.text(['acr', 'grant', group, ...args]), /^Group twins could then pull/m)
  assert.match(await acrux.text(['acr', 'grant', one.appId, ...args]), /^Application twins could then pull/m)
  const fix = await fixOf('rbac-abac', group, 'pull', 'team/app')
  assert.equal(fix, `acrux acr grant ${group} pull team/app -n perrepository`, 'an ambiguous name is not printed')
  await acrux.fails(1, /no user, group, application or managed identity is called 'nosuch'/, [
    'acr',
    'grant',
    'nosuch',
    ...args,
  ])
})

test('hostile names are shown as text, and never run', async () => {
  const names = ["it's; touch hacked $(id)", '-n', 'anonymous', 'token:x', 'a `b` "c" \\d']
  for (const displayName of names) {
    const id = await createGroup(server, displayName)
    const fix = await fixOf('rbac-abac', id, 'pull', 'team/app')
    const ran = await runFixed(fix)
    assert.equal(ran.code, 0, `${fix}\n${ran.stderr}`)
    const can = await acrux.run(['acr', 'can', id, 'pull', 'team/app', '-n', 'perrepository'])
    assert.equal(can.code, 0, displayName)
  }
  const hostile = await acrux.run(['acr', 'grant', 'red\u001b[31m', 'pull', 'team/app', '-n', 'perrepository'])
  assert.equal(hostile.code, 1)
  assert.match(hostile.stderr, /is called 'red\?\[31m'/)
})

// prettier-ignore
const wrong: readonly (readonly [code: number, says: RegExp, args: readonly string[], why: string])[] = [
  [2, /is not one of the actions pull, push, delete/,        ['twins', 'read', 'team/app'],       'an unknown action'],
  [2, /'Team\/App' is not a repository/,                     ['twins', 'pull', 'Team/App'],       'upper case'],
  [2, /'team\*' is not a repository/,                        ['twins', 'pull', 'team*'],          'a wildcard within a name'],
  [2, /is not a repository/,                                 ['twins', 'pull', "a' OR 'b"],       'a quote'],
  [1, /anonymous callers can only pull/,                     ['anonymous', 'push', 'team/app'],   'anonymous push'],
  [1, /the admin account has all permissions/,               ['admin', 'pull', 'team/app'],       'the admin account'],
  [3, /has no scoped token 'nosuch'/,                        ['token:nosuch', 'pull', 'team/app'], 'a token that does not exist'],
]
for (const [code, says, args, why] of wrong) {
  test(`acrux acr grant rejects ${why}`, async () => {
    await acrux.fails(code, says, ['acr', 'grant', ...args, '-n', 'perrepository'])
  })
}

test('a switch of the mode lists who gains and loses what, and asks first', async () => {
  const { id } = await createRegistry(server, 'switched')
  const at = ['-n', 'switched']
  await createPerson(server, 'grace')
  await acrux.text(['acr', 'grant', 'grace@acrux.localhost', 'push', '*', ...at])
  const reader = await createServicePrincipal(server, 'newreader')
  const attribute = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]'
  const role = ['--role', 'Container Registry Repository Reader', '--assignee-object-id', reader.objectId]
  const condition = ['--condition', `${attribute} StringStartsWithIgnoreCase 'team/'`]
  await acrux.json(['role', 'assignment', 'create', '--scope', id, ...role, ...condition])

  const update = ['acr', 'update', ...at, '--role-assignment-mode', 'rbac-abac']
  const asked = await acrux.run(update)
  assert.equal(asked.code, 1)
  assert.match(asked.stderr, /user grace@acrux\.localhost \(AcrPush\) loses pull, push, list on all repositories/)
  assert.match(asked.stderr, /application newreader \(Container Registry Repository Reader\) gains pull on team\/\*/)
  assert.match(asked.stderr, /confirmation is required: Switch switched to permissions per repository\?/)
  const mode = () => acrux.text(['acr', 'show', ...at, '--query', 'roleAssignmentMode', '-o', 'tsv'])
  assert.equal(await mode(), 'LegacyRegistryPermissions', 'nothing was changed')

  const [, afterwards = ''] = /^acrux: +afterwards: (acrux acr grant 'grace@.+)$/m.exec(asked.stderr) ?? []
  await acrux.text([...update, '--yes'])
  assert.equal(await mode(), 'AbacRepositoryPermissions')
  const can = async () => (await acrux.run(['acr', 'can', 'grace@acrux.localhost', 'push', 'any', ...at])).code
  assert.equal(await can(), 1)
  assert.equal((await runFixed(afterwards)).code, 0, afterwards)
  assert.equal(await can(), 0)
  await acrux.text(update)
  const back = await acrux.run(['acr', 'update', ...at, '--role-assignment-mode', 'rbac', '--yes'])
  assert.match(back.stderr, /application newreader .* loses pull on team\/\*/)
})
