import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { arm, armToken, as, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { createGroup, createPerson, letReadDirectory } from '../harness/directory.ts'
import { request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic } from '../harness/registry.ts'
import { setMode } from './portal-four-people.ts'
import { recordChanges } from './portal-made-changes.ts'
import { hostile, openPortal, openView, signIn, violations } from './portal-page.ts'

const portal = await openPortal()
const { server, browser, give } = portal
const made = recordChanges(portal, 'portal-rights')
const { loginServer, registry: name } = server.firstRun
const registry = registryId(server)
const base = `/portal/r/${name}`
const toAbac = 'AbacRepositoryPermissions'
const catalog = `Microsoft.ContainerRegistry/registries/repositories`

/** The answer of the server to a question about access. */
async function mayPush(principal: string, repository: string): Promise<unknown> {
  const query = new URLSearchParams({ principal, action: 'push', repository }).toString()
  return at(expectStatus(await arm(server, 'GET', `${registry}/accessExplanation?${query}`), 200).json(), 'allowed')
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true })

/** Goes from the choice of a role to the repositories for which `ada`, who is found by a search, gets it. */
async function fillRepositories(page: Page, search: string, repositories: string): Promise<void> {
  await button(page, 'Next').click()
  await page.getByRole('searchbox').fill(search)
  await page.getByRole('checkbox', { name: 'ada · Person' }).check()
  await button(page, 'Next').click()
  await page.getByRole('radio', { name: 'Some repositories' }).check()
  await page.getByRole('textbox').fill(repositories)
}

test('an owner assigns a role for some repositories, checks it, changes its condition and removes it', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'giver')
  const ada = await createPerson(server, 'ada')
  await give(owner, roles.owner)
  await letReadDirectory(server, owner.id)
  await setMode(server, toAbac)
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await made.watch(context)
  await signIn(page, owner, `${base}/access`)
  await page.getByRole('cell', { name: 'giver' }).first().waitFor()

  await button(page, 'Add a role assignment').click()
  await page.getByRole('radio', { name: 'Container Registry Repository Writer' }).check()
  assert.deepEqual(await violations(page), [], 'roles')
  await fillRepositories(page, 'ad', 'team/app\ntools/*')
  const written = `@Request[${catalog}:name] StringEqualsIgnoreCase 'team/app' OR @Request[${catalog}:name] StringStartsWithIgnoreCase 'tools/'`
  await page.getByText(written).waitFor()
  assert.deepEqual(await violations(page), [], 'repositories')
  await button(page, 'Next').click()
  await button(page, 'Assign').click()
  await page.getByText('The role was assigned.').waitFor()
  assert.equal(await mayPush(ada.id, 'tools/lint'), true)
  assert.equal(await mayPush(ada.id, 'other'), false)
  await button(page, 'Add a role assignment').click()
  await page.getByRole('radio', { name: 'Container Registry Repository Writer' }).check()
  await fillRepositories(page, 'ada@acrux.localhost', 'extra')
  await button(page, 'Next').click()
  await page.getByText('ada already has this role here. The portal adds the repositories').waitFor()
  await button(page, 'Assign').click()
  await page.getByText('The role was assigned.').waitFor()
  assert.deepEqual([await mayPush(ada.id, 'extra'), await mayPush(ada.id, 'tools/lint')], [true, true])

  await openView(page, `${base}/access?tab=check&principal=${ada.id}&action=push&repository=other`)
  await page.getByText('Not allowed').waitFor()
  assert.deepEqual(await violations(page), [], 'check')
  await button(page, 'Make this change').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make this change' }).click()
  await page.getByText('Allowed', { exact: true }).waitFor()
  assert.equal(await mayPush(ada.id, 'other'), true)
  await page.getByRole('tab', { name: 'Who can' }).click()
  await page.getByLabel('Repository').fill('other')
  await page.getByLabel('Action').selectOption('push')
  await button(page, 'List').click()
  await page.getByRole('cell', { name: 'ada' }).waitFor()
  assert.deepEqual(await violations(page), [], 'who')

  await openView(page, `${base}/access?filter=ada`)
  await page.getByRole('row').filter({ hasText: 'Container Registry Repository Writer' }).first().click()
  await button(page, 'Change the condition: Container Registry Repository Writer, ada').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Condition').fill(`@Request[${catalog}:name] StringEqualsX 'a'`)
  await dialog.getByText(/^At character \d+: /).waitFor()
  await dialog.getByRole('button', { name: 'Save', disabled: true }).waitFor()
  assert.deepEqual(await violations(page), [], 'condition')
  await dialog.getByLabel('Condition').fill(`@Request[${catalog}:name] StringEquals 'only'`)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The condition was changed.').waitFor()
  assert.equal(await mayPush(ada.id, 'other'), false)
  assert.equal(await mayPush(ada.id, 'only'), true)

  await button(page, 'Remove: Container Registry Repository Writer, ada').click()
  await dialog.getByText('pull, push: only').waitFor()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('The role assignment was removed.').waitFor()
  assert.equal(await mayPush(ada.id, 'only'), false)
  assert.deepEqual(faults, [])
})

/** Assigns the same roles to groups, until the registry has more than a page of role assignments. */
async function assignMany(): Promise<{ readonly groups: readonly string[]; readonly each: number }> {
  const caller = as(server, await armToken(server))
  const authorization = `${registry}/providers/Microsoft.Authorization`
  const listed = expectStatus(await arm(caller, 'GET', `${authorization}/roleDefinitions`), 200).json()
  const ids = listAt(listed, 'value').map((role) => stringAt(role, 'id'))
  const groups: string[] = []
  for (let count = 0; count * ids.length <= 100; count += 1) {
    const principalId = await createGroup(server, `crew-${count}`)
    for (const roleDefinitionId of ids) {
      const path = `${authorization}/roleAssignments/${randomUUID()}`
      const properties = { roleDefinitionId, principalId, principalType: 'Group' }
      expectStatus(await arm(caller, 'PUT', path, { properties }), 201)
    }
    groups.push(principalId)
  }
  return { groups, each: ids.length }
}

test('role assignments are shown page by page, and filtered by name and by role', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'lister')
  await give(owner, roles.owner)
  await letReadDirectory(server, owner.id)
  const { groups, each } = await assignMany()
  const path = `${registry}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()`
  const all = listAt((await arm(server, 'GET', path)).json(), 'value')
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await portal.watch(context)
  await signIn(page, owner, `${base}/access`)
  const table = page.getByRole('table', { name: 'Role assignments' })
  const rows = table.getByRole('row')
  const shows = (count: number) => table.and(page.locator(`[aria-rowcount="${count + 1}"]`)).waitFor()
  await page.getByText('100 loaded, more while you scroll').waitFor()
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
  await shows(all.length)
  assert.ok((await rows.count()) <= 61, 'rows far from the window are not in the document')

  await openView(page, `${base}/access?filter=crew-1&role=${roles.acrPull}`)
  await page.getByRole('row', { name: /^crew-1 AcrPull/ }).waitFor()
  assert.equal(await rows.count(), 2)
  assert.deepEqual(await violations(page), [], 'filtered')
  await page.getByLabel('Role', { exact: true }).selectOption('All roles')
  await shows(each)
  assert.equal(new URL(page.url()).searchParams.get('role'), null)
  await page.getByLabel('Beginning of the name, user name or object id').fill(groups[0] ?? '')
  await page
    .getByRole('row', { name: /^crew-0 / })
    .first()
    .waitFor()
  await shows(each)
  await page.getByLabel('Beginning of the name, user name or object id').fill('no one')
  await page.getByText('No role assignment matches.').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('filter'), 'no one')
  assert.deepEqual(faults, [])
  for (const group of groups) expectStatus(await graph(server, 'DELETE', `/groups/${group}`), 204)
})

/** The status of a sign-in with a user name and a password. */
async function signInStatus(user: string, password: string): Promise<number> {
  const url = `${server.baseUrl}/oauth2/token?service=${loginServer}&scope=repository:team/app:pull`
  const answer = await request({
    method: 'GET',
    url,
    caFile: server.caFile,
    headers: { authorization: basic(user, password) },
  })
  return answer.status
}

/** A text that the page offers to copy. */
const copied = async (page: Page, label: string): Promise<string> =>
  (await page.getByRole('group', { name: label, exact: true }).innerText()).trim()

test('an owner turns the admin account on, shows and regenerates its passwords, and turns it off', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'keeper')
  await give(owner, roles.owner)
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await made.watch(context)
  await signIn(page, owner, `${base}/keys`)
  const dialog = page.getByRole('dialog')
  await button(page, 'Turn on').click()
  assert.deepEqual(await violations(page), [], 'turn on')
  await dialog.getByRole('button', { name: 'Turn on' }).click()
  await page.getByText('The admin account is on.').waitFor()
  assert.equal(await page.getByRole('group', { name: 'password', exact: true }).count(), 0)
  await button(page, 'Show the passwords').click()
  const first = await copied(page, 'password')
  const second = await copied(page, 'password2')
  assert.deepEqual(await violations(page), [], 'passwords')
  assert.equal(await signInStatus(server.firstRun.registry, first), 200)
  await button(page, 'Regenerate: password').click()
  await dialog.getByRole('button', { name: 'Regenerate' }).click()
  await page.getByText('The password was regenerated.').waitFor()
  assert.equal(await signInStatus(server.firstRun.registry, first), 401)
  assert.equal(await signInStatus(server.firstRun.registry, second), 200)
  await button(page, 'Turn off').click()
  await dialog.getByRole('button', { name: 'Turn off' }).click()
  await page.getByText('The admin account is off.').waitFor()
  assert.equal(await signInStatus(server.firstRun.registry, second), 401)
  assert.deepEqual(faults, [])
})

test('an owner creates a token, rotates its password with an overlap, turns it off, and opens a part to everyone', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'issuer')
  await give(owner, roles.owner)
  await using context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 360, height: 740 } })
  const { page, faults } = await made.watch(context)
  await signIn(page, owner, `${base}/tokens`)
  const dialog = page.getByRole('dialog')
  await button(page, 'Create a token').click()
  await page.getByRole('textbox', { name: 'Name' }).fill('no')
  await page.getByText('Use 5 to 50 letters').waitFor()
  await page.getByRole('textbox', { name: 'Name' }).fill('device-1')
  await button(page, 'Next').click()
  await page.getByRole('textbox', { name: 'Repositories' }).fill('team/*')
  await page.getByRole('checkbox', { name: 'Read tags and properties' }).check()
  assert.equal(
    await copied(page, 'Actions of the scope map'),
    'repositories/team/*/content/read\nrepositories/team/*/metadata/read',
  )
  assert.deepEqual(await violations(page), [], 'rights')
  await button(page, 'Next').click()
  await button(page, 'Create a token').click()
  const first = await copied(page, 'Password')
  assert.deepEqual(await violations(page), [], 'password')
  assert.equal(await signInStatus('device-1', first), 200)
  await button(page, 'I have copied it').click()
  await button(page, 'Rotate the password: device-1').click()
  assert.deepEqual(await violations(page), [], 'rotate')
  await dialog.getByRole('button', { name: 'Generate password2' }).click()
  const second = await copied(page, 'Password')
  assert.equal(await signInStatus('device-1', first), 200, 'the first password works beside the second one')
  await dialog.getByRole('checkbox').check()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await dialog.waitFor({ state: 'detached' })
  // The focus returns to the button that opened the dialog.
  await page.waitForFunction(`document.activeElement?.getAttribute('aria-label') === 'Rotate the password: device-1'`)
  await button(page, 'Rotate the password: device-1').click()
  await dialog.getByRole('button', { name: 'Remove: password1' }).click()
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click()
  // The password is removed when the dialog before is shown again.
  await dialog.getByRole('button', { name: 'Generate password1' }).waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  assert.equal(await signInStatus('device-1', first), 401)
  assert.equal(await signInStatus('device-1', second), 200)
  await button(page, 'Turn off: device-1').click()
  await dialog.getByRole('button', { name: 'Turn off' }).click()
  await button(page, 'Turn on: device-1').waitFor()
  assert.equal(await signInStatus('device-1', second), 401)

  await page.getByRole('tab', { name: 'Scope maps' }).click()
  await page.getByRole('cell', { name: 'device-1', exact: true }).waitFor()
  await button(page, 'Change: device-1-scope-map').click()
  await dialog.getByLabel('Actions').fill('repositories/team/*/content/read\nnonsense')
  await dialog.getByText('Lost from the next request on:').waitFor()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByRole('alert').waitFor()
  assert.deepEqual(await violations(page), [], 'scope map')
  await dialog.getByLabel('Actions').fill('repositories/team/*/content/read')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  const map = expectStatus(await arm(server, 'GET', `${registry}/scopeMaps/device-1-scope-map`), 200).json()
  assert.deepEqual(at(map, 'properties', 'actions'), ['repositories/team/*/content/read'])
  await page.getByRole('tab', { name: 'Anonymous access' }).click()
  await page.getByRole('radio', { name: 'Everyone, from the repositories of a scope map' }).check()
  await page.getByLabel('Scope map', { exact: true }).selectOption('device-1-scope-map')
  await button(page, 'Save').click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Anonymous access was changed.').waitFor()
  const anonymous = await arm(server, 'GET', `${registry}/providers/Acrux.Server/anonymousAccess/default`)
  assert.match(stringAt(expectStatus(anonymous, 200).json(), 'properties', 'scopeMapId'), /device-1-scope-map$/)
  await page.getByRole('radio', { name: 'No one', exact: true }).check()
  await button(page, 'Save').click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal((await arm(server, 'GET', `${registry}/providers/Acrux.Server/anonymousAccess/default`)).status, 404)
  for (const [tab, deleted] of [
    ['Tokens', 'device-1'],
    ['Scope maps', 'device-1-scope-map'],
  ] as const) {
    await page.getByRole('tab', { name: tab }).click()
    await button(page, `Delete: ${deleted}`).click()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    // The dialog hides the cell behind it.
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('cell', { name: deleted, exact: true }).waitFor({ state: 'detached' })
  }
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
  assert.deepEqual(faults, [])
})

test('an owner creates a custom role, and sees who loses what before the mode of the registry changes', async (t) => {
  if (!portal.canRun(t)) return
  const owner = await createPerson(server, 'architect')
  const puller = await createPerson(server, 'puller')
  await give(owner, roles.owner)
  await give(puller, roles.acrPull)
  await letReadDirectory(server, owner.id)
  await setMode(server, 'LegacyRegistryPermissions')
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await made.watch(context)
  await signIn(page, owner, `${base}/access?tab=roles`)
  const dialog = page.getByRole('dialog')
  await button(page, 'Create a custom role').click()
  await dialog.getByLabel('Name').fill('Image Mover')
  await dialog
    .getByLabel('Data actions', { exact: true })
    .fill('Microsoft.ContainerRegistry/registries/repositories/content/*')
  assert.deepEqual(await violations(page), [], 'new role')
  await dialog.getByRole('button', { name: 'Create a custom role' }).click()
  await page.getByText('The role was created.').waitFor()
  await button(page, 'Change: Image Mover').click()
  await dialog.getByLabel('Except these data actions').fill(`${catalog}/content/delete`)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The role was changed.').waitFor()
  const filter = `$filter=${encodeURIComponent("roleName eq 'Image Mover'")}`
  const path = `${registry}/providers/Microsoft.Authorization/roleDefinitions?${filter}`
  const [role] = listAt((await arm(server, 'GET', path)).json(), 'value')
  assert.deepEqual(at(role, 'properties', 'permissions', 0, 'notDataActions'), [`${catalog}/content/delete`])
  await button(page, 'Delete: Image Mover').click()
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(listAt((await arm(server, 'GET', path)).json(), 'value').length, 0)

  await page.getByRole('tab', { name: 'Permissions per repository' }).click()
  await page.getByRole('row', { name: 'puller AcrPull loses pull, list: all repositories' }).waitFor()
  const changes = (await arm(server, 'GET', `${registry}/providers/Acrux.Server/modeChanges?mode=${toAbac}`)).json()
  await page.getByText(`that gain or lose permissions: ${String(at(changes, 'count'))}`).waitFor()
  const size = page.viewportSize()
  await page.setViewportSize({ width: 360, height: 740 })
  await button(page, 'Switch to Permissions per repository').click()
  await dialog.getByRole('table', { name: 'Gained and lost permissions' }).waitFor()
  const scrolls = `(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(document.querySelector('[role=dialog] [role=table]'))`
  assert.equal(await page.evaluate(scrolls), false, 'the list is wider than its dialog')
  assert.deepEqual(await violations(page), [], 'switch')
  if (size !== null) await page.setViewportSize(size)
  await dialog.getByRole('button', { name: 'Switch to' }).click()
  await page.getByText('The registry was switched.').waitFor()
  const changed = (await arm(server, 'GET', registry)).json()
  assert.equal(at(changed, 'properties', 'roleAssignmentMode'), toAbac)
  assert.deepEqual(faults, [])
})

test('a reader sees the rights and changes nothing, and others do not see them', async (t) => {
  if (!portal.canRun(t)) return
  const reader = await createPerson(server, 'auditor')
  const pulls = await createPerson(server, 'pulls')
  await give(reader, roles.reader)
  await give(pulls, roles.acrPull)
  const bad = await createPerson(server, 'bad')
  await give(bad, roles.acrPull)
  expectStatus(await graph(server, 'PATCH', `/users/${bad.id}`, { displayName: hostile }), 204)
  await letReadDirectory(server, reader.id)
  const views: readonly (readonly [path: string, disabled: string])[] = [
    ['access', 'Add a role assignment'],
    ['access?tab=roles', 'Create a custom role'],
    ['access?tab=mode', 'Switch to'],
    ['keys', 'Turn on'],
    ['tokens', 'Create a token'],
    ['tokens?tab=anonymous', 'Save'],
  ]
  for (const [name, person] of Object.entries({ reader, pulls })) {
    await t.test(name, async () => {
      await using context = await browser.newContext({ reducedMotion: 'reduce' })
      const { page, faults } = await portal.watch(context)
      await signIn(page, person, `${base}/access`)
      for (const [path, disabled] of name === 'reader' ? views : views.slice(0, 1)) {
        await page.goto(`${base}/${path}`)
        if (name === 'reader') {
          const lacks = page.getByText(/Your roles do not (?:include|allow you to)/)
          await lacks.first().waitFor()
          await page.getByRole('button', { name: disabled, disabled: true }).first().waitFor()
        } else await page.getByText('Your roles do not allow you to read the settings of this registry.').waitFor()
      }
      if (name === 'reader') {
        await page.goto(`${base}/access?filter=${bad.userPrincipalName}`)
        await page.getByText(hostile).waitFor()
      }
      assert.notEqual(await page.title(), 'ran')
      assert.deepEqual(faults, [])
    })
  }
})

test('the pages here make every change that the table says', (t) => {
  if (portal.canRun(t)) assert.deepEqual(made.missing(), [])
})
