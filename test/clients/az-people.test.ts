import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { requirePort443, type Ran } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { pageVisitor } from '../harness/page-visitor.ts'
import { startServer } from '../harness/server.ts'
import { azHome, claimsOf, step, useCloud, type Az } from './az/az.ts'
import { keptLogin, makeImage, pull, push } from './az/podman.ts'
import { secretFile } from '../harness/secret-file.ts'

const server = await startServer()
const az = azHome(server.caFile, { DOCKER_COMMAND: 'podman' })
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { tenantId, subscriptionId, registry, loginServer, owner } = server.firstRun
const account = {
  id: subscriptionId,
  tenantId,
  state: 'Enabled',
  isDefault: true,
  user: { name: owner.userPrincipalName, type: 'user' },
}

/** Runs `az login --use-device-code`, and does at the page what `answer` says once az shows the code. */
async function loginByDevice(
  home: Az,
  args: readonly string[],
  answer: (userCode: string) => Promise<unknown>,
): Promise<Ran> {
  let answered: Promise<unknown> | undefined
  const ran = await home.run(['login', '--use-device-code', ...args], {}, (stderr) => {
    const userCode = /enter the code ([A-Z0-9]+) to authenticate/.exec(stderr)?.[1]
    if (userCode !== undefined) answered ??= answer(userCode)
  })
  await answered
  return ran
}

/** Lets the device in as the owner, at the pages. */
async function letIn(userCode: string): Promise<void> {
  const visitor = pageVisitor(server)
  const page = await visitor.open('/devicelogin')
  assert.ok('html' in page)
  const end = await visitor.signIn(await visitor.submit(page, { user_code: userCode }), owner)
  assert.ok('url' in end && end.url.pathname === '/devicelogin/done')
}

step('az login --use-device-code signs a person in, at "organizations"', ['az'], async () => {
  await useCloud(az, server)
  const ran = await loginByDevice(az, [], letIn)
  assert.equal(ran.code, 0, ran.stderr)
  assert.partialDeepStrictEqual(JSON.parse(ran.stdout), [account])
  assert.partialDeepStrictEqual(await az.json('account', 'show'), account)
  assert.partialDeepStrictEqual(await az.json('account', 'list'), [account])
})

step('az account get-access-token hands out tokens of the person for ARM, ACR and Graph', ['az'], async () => {
  const tokenOf = async (...args: string[]) =>
    claimsOf(stringAt(await az.json('account', 'get-access-token', ...args), 'accessToken'))
  const claims = await tokenOf()
  assert.partialDeepStrictEqual(claims, {
    tid: tenantId,
    idtyp: 'user',
    scp: 'user_impersonation',
    upn: owner.userPrincipalName,
    appid: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    amr: ['pwd'],
  })
  const forAcr = await tokenOf('--resource', 'https://containerregistry.azure.net')
  assert.match(stringAt(forAcr, 'aud'), /^https:\/\/containerregistry\.azure\.net\/?$/)
  assert.equal(stringAt(forAcr, 'oid'), stringAt(claims, 'oid'))
  assert.equal(
    await az.text('ad', 'signed-in-user', 'show', '--query', 'userPrincipalName', '-o', 'tsv'),
    owner.userPrincipalName,
  )
})

step('az ad signed-in-user list-owned-objects shows the application that the person has made', ['az'], async () => {
  const owned = async () => listAt(await az.json('ad', 'signed-in-user', 'list-owned-objects', '--type', 'application'))
  assert.deepEqual(await owned(), [])
  const made = await az.json('ad', 'app', 'create', '--display-name', 'tool')
  assert.deepEqual(
    (await owned()).map((one) => stringAt(one, 'appId')),
    [stringAt(made, 'appId')],
  )
})

step('az acr login signs podman in as the person, who then pushes and pulls', ['az', 'podman'], async () => {
  assert.match(await az.text('acr', 'login', '-n', registry), /Login Succeeded/)
  assert.partialDeepStrictEqual(claimsOf(keptLogin(az.home, loginServer).password), {
    grant_type: 'refresh_token',
    sub: owner.userPrincipalName,
  })
  await makeImage(az.home, 'localhost/tiny:1', 'by a person\n')
  const pushed = await push(az.home, 'localhost/tiny:1', `${loginServer}/people/app:1`)
  assert.equal(await pull(az.home, `${loginServer}/people/app:1`), pushed)
  assert.deepEqual(await az.json('acr', 'repository', 'list', '-n', registry), ['people/app'])
})

step('az logout forgets the person', ['az'], async () => {
  await az.text('logout')
  await az.fails(1, /az login/, 'account', 'show')
})

step('az login --use-device-code --tenant goes straight to the tenant, by its id or its domain', ['az'], async () => {
  for (const tenant of [tenantId, owner.userPrincipalName.split('@')[1] ?? '']) {
    using home = azHome(server.caFile)
    await useCloud(home, server)
    const ran = await loginByDevice(home, ['--tenant', tenant], letIn)
    assert.equal(ran.code, 0, ran.stderr)
    assert.partialDeepStrictEqual(JSON.parse(ran.stdout), [account])
  }
})

step('az login --use-device-code ends when the person turns the device away', ['az'], async () => {
  using home = azHome(server.caFile)
  await useCloud(home, server)
  const ran = await loginByDevice(home, [], async (userCode) => {
    const visitor = pageVisitor(server)
    const page = await visitor.open('/devicelogin')
    assert.ok('html' in page)
    const signIn = await visitor.submit(page, { user_code: userCode })
    assert.ok('html' in signIn)
    const ask = await visitor.submit(signIn, { username: owner.userPrincipalName, password: owner.password })
    assert.ok('html' in ask)
    await visitor.submit(ask, { decision: 'decline' })
  })
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /AADSTS65004/)
})

/** Runs `az login` with a browser that writes down where it was sent, and goes there as the owner. */
async function loginByBrowser(home: Az, args: readonly string[]): Promise<Ran> {
  const told = join(home.home.path, 'url')
  const browser = join(home.home.path, 'browser')
  writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" > '${told}.part' && mv '${told}.part' '${told}'\n`)
  chmodSync(browser, 0o700)
  const ended = new AbortController()
  const login = home.run(['login', ...args], { BROWSER: browser }).finally(() => ended.abort())
  const visit = async (): Promise<void> => {
    while (!existsSync(told)) {
      if (ended.signal.aborted) return
      await sleep(100)
    }
    const visitor = pageVisitor(server)
    const end = await visitor.signIn(await visitor.open(readFileSync(told, 'utf8')), owner)
    assert.ok('location' in end, 'the browser is sent back to az')
    assert.ok((await fetch(end.location)).ok)
  }
  const [ran] = await Promise.all([login, visit()])
  return ran
}

step('az login opens a browser, and the person comes back with a code', ['az'], async () => {
  for (const args of [[], ['--tenant', tenantId]]) {
    using home = azHome(server.caFile)
    await useCloud(home, server)
    const ran = await loginByBrowser(home, args)
    assert.equal(ran.code, 0, ran.stderr)
    assert.partialDeepStrictEqual(JSON.parse(ran.stdout), [account])
    assert.equal(listAt(await home.json('acr', 'list')).length, 1)
  }
})

step('a person who is signed out everywhere has to sign in again in az', ['az'], async () => {
  using home = azHome(server.caFile)
  await useCloud(home, server)
  assert.equal((await loginByDevice(home, [], letIn)).code, 0)
  const objectId = await home.text('ad', 'signed-in-user', 'show', '--query', 'id', '-o', 'tsv')
  const revoke = `${server.baseUrl}/graph/v1.0/users/${objectId}/revokeSignInSessions`
  await home.text('rest', '--method', 'post', '--url', revoke, '--resource', `${server.baseUrl}/graph/`)
  // az asks for another token, is denied, and repeats what the management API said.
  await home.fails(1, /AuthenticationFailed/, 'acr', 'list')
})

step('az login with user name and password works where the operator allows it', ['az'], async (t) => {
  if (!(await requirePort443(t))) return
  await using allowing = await startServer({
    args: ['--listen', '127.0.0.1:443', '--identity-password-grant'],
  })
  using home = azHome(allowing.caFile)
  await useCloud(home, allowing)
  const { userPrincipalName, password } = allowing.firstRun.owner
  const accounts = await home.json('login', '-u', userPrincipalName, '--password', secretFile(password))
  assert.equal(at(accounts, 0, 'user', 'name'), userPrincipalName)
  assert.equal(at(accounts, 0, 'user', 'type'), 'user')
  await home.text('logout')
  await home.fails(1, /AADSTS50126/, 'login', '-u', userPrincipalName, '--password', secretFile('wrong'))
  await home.fails(1, /AADSTS50126/, 'login', '-u', 'nobody@acrux.localhost', '--password', secretFile('wrong'))
})
