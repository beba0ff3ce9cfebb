import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arm, createServicePrincipal, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { stringAt } from '../harness/json.ts'
import { basic, get } from '../harness/registry.ts'
import { type Pushed, beginUpload, pushContent, pushHostile } from './portal-content.ts'
import { giveContent, giveRoles, setMode } from './portal-four-people.ts'
import { recordChanges } from './portal-made-changes.ts'
import { hostile, openPortal, openView, signIn, violations } from './portal-page.ts'
import { settled } from './portal-settled.ts'
import { requestsOf } from './portal-walk.ts'

const portal = await openPortal()
const { server, browser, canRun, watch, give } = portal
const made = recordChanges(portal, 'portal-images')

const { appId, password } = server.firstRun.servicePrincipal
const authorization = basic(appId, password)
const { loginServer, registry: name } = server.firstRun
const registry = `/portal/r/${name}`
const inApp = `${registry}/repositories/team%2Fapp`
const pusher = { server, authorization }

/** What `/acr/v1` answers about something in the registry. */
const properties = (path: string) => get(server, `/acr/v1/${path}`, authorization)

/** A secret of an application with these days until its start and its end. */
async function addSecret(applicationId: string, startDays: number, endDays: number): Promise<void> {
  const day = (days: number) => new Date(Date.now() + days * 24 * 3_600_000).toISOString()
  const body = {
    passwordCredential: { displayName: 'test', startDateTime: day(startDays), endDateTime: day(endDays) },
  }
  expectStatus(await graph(server, 'POST', `/applications/${applicationId}/addPassword`, body), 200)
}

const views = (first: string): readonly string[] => [
  registry,
  `${registry}/repositories`,
  `${registry}/repositories?show=tree&filter=team`,
  inApp,
  `${inApp}?show=tags&sort=pushed`,
  `${inApp}?tab=history`,
  `${inApp}?tab=settings`,
  `${inApp}/manifests/1`,
  `${inApp}/manifests/both`,
  `${inApp}/manifests/1?show=config`,
  `${inApp}/manifests/${encodeURIComponent(first)}?show=referrers`,
  `${inApp}/manifests/1?show=raw`,
  `${registry}/deleted`,
  `${registry}/deleted/team%2Fapp`,
  `${registry}/import`,
  `${registry}/uploads`,
  '/portal/search?q=team%2Fapp:1',
  `/portal/search?q=${first}`,
  '/portal/',
  `${registry}/access`,
]

let pushed: Promise<Pushed> | undefined

/** What the tests of this file need in the registry; it is pushed once. */
const prepare = (): Promise<Pushed> => (pushed ??= pushContent(pusher))

test('an owner deletes, restores, locks, imports and cancels in the portal', async (t) => {
  if (!canRun(t)) return
  const { first, second } = await prepare()
  await giveContent(server)
  await setMode(server, 'AbacRepositoryPermissions')
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await made.watch(context)
  await signIn(page, server.firstRun.owner, inApp)
  await settled(page)

  await t.test('the views send at most three requests', async () => {
    for (const view of views(first.digest)) {
      const sent = await requestsOf(page, () => openView(page, view))
      assert.ok(sent.length <= 3, `${view}: ${sent.join(' ')}`)
      assert.deepEqual(faults.splice(0), [], view)
    }
  })

  await t.test('a lock is set and removed', async () => {
    await page.goto(`${inApp}/manifests/1`)
    await page.getByRole('button', { name: 'Lock tag…' }).click()
    await page.getByRole('checkbox', { name: 'Forbid deletion' }).check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('It is locked. Unlock it first.').waitFor()
    assert.match((await properties('team/app/_tags/1')).text(), /"deleteEnabled":false/)
    await page.getByRole('button', { name: 'Lock tag…' }).click()
    await page.getByRole('checkbox', { name: 'Forbid deletion' }).uncheck()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('It is locked. Unlock it first.').waitFor({ state: 'detached' })
    assert.match((await properties('team/app/_tags/1')).text(), /"deleteEnabled":true/)
    const focused = page.getByRole('button', { name: 'Lock tag…' }).and(page.locator(':focus'))
    // The keyboard continues where the dialog was opened.
    await focused.waitFor()
  })

  await t.test('the referrers of a manifest, and theirs, are shown by kind', async () => {
    await page.goto(`${inApp}/manifests/1?show=referrers`)
    await page.getByText('Signature', { exact: true }).waitFor()
    await settled(page)
    assert.equal(await page.getByText('Signature', { exact: true }).count(), 1)
    const sbom = page.getByRole('listitem').filter({ hasText: 'SBOM' })
    await sbom.getByRole('button', { name: /Show what refers to/ }).click()
    await sbom.getByText('Signature', { exact: true }).waitFor()
  })

  await t.test('the platforms of an index lead to its manifests', async () => {
    await page.goto(`${inApp}/manifests/both`)
    await page
      .getByRole('row', { name: /linux\/arm64/ })
      .getByRole('link')
      .click()
    await page.getByRole('heading', { level: 1, name: /team\/app@sha256:/ }).waitFor()
  })

  await t.test('a tag is removed and restored', async () => {
    await page.goto(`${registry}/repositories/other%2Ftool/manifests/a`)
    await page.getByRole('button', { name: 'Remove tag…' }).click()
    await page.getByText(/Only the tag a/).waitFor()
    await page.getByRole('button', { name: 'Remove tag', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'other/tool', exact: true }).waitFor()
    assert.equal((await properties('other/tool/_tags/a')).status, 404)
    await page.goto(`${registry}/deleted`)
    await page.getByRole('link', { name: 'other/tool' }).click()
    await page.getByRole('button', { name: 'Restore', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.equal((await properties('other/tool/_tags/a')).status, 200)
  })

  await t.test('a manifest is deleted with what is said to be lost', async () => {
    await page.goto(`${inApp}?show=tags&filter=sig2`)
    await page.getByRole('link', { name: 'sig2', exact: true }).click()
    await page.getByRole('button', { name: 'Delete manifest…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('These tags: sig2.').waitFor()
    await dialog.getByText(/for 7 days/).waitFor()
    assert.deepEqual(await violations(page), [])
    await dialog.getByRole('button', { name: 'Delete manifest' }).click()
    await page.getByRole('heading', { level: 1, name: 'team/app', exact: true }).waitFor()
    assert.equal((await properties('team/app/_tags/sig2')).status, 404)
  })

  await t.test('an image is imported, with its progress or the reason why not, and locked', async () => {
    await page.goto(`${registry}/import`)
    await page.getByLabel('Registry of the source').fill('localhost:1')
    await page.getByLabel('Image', { exact: true }).fill('team/app:2')
    await page.getByLabel('Name in this registry').fill('mirror/app:copy')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText(/has no address that the server may connect to/).waitFor()
    await page.getByRole('button', { name: 'Import another image' }).click()
    await page.getByLabel('Registry of the source').fill(loginServer)
    await page.getByLabel('Image', { exact: true }).fill('team/app:2')
    await page.getByLabel('Name in this registry').fill('mirror/app:copy')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('link', { name: /Open the image/ }).click()
    await page.getByRole('heading', { level: 1, name: 'mirror/app:copy', exact: true }).waitFor()
    assert.match((await properties('mirror/app/_tags/copy')).text(), new RegExp(second.digest))
    for (const [action, at] of [
      ['Lock manifest…', `mirror/app/_manifests/${second.digest}`],
      ['Lock…', 'mirror/app'],
    ] as const) {
      if (at === 'mirror/app') await page.goto(`${registry}/repositories/mirror%2Fapp?tab=settings`)
      await page.getByRole('button', { name: action, exact: true }).click()
      await page.getByRole('checkbox', { name: 'Hide from lists' }).check()
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      assert.match((await properties(at)).text(), /"listEnabled":false/)
    }
  })

  await t.test('an open upload is cancelled', async () => {
    const uploads = () => arm(server, 'GET', `${registryId(server)}/providers/Acrux.Server/uploads`)
    assert.match((await uploads()).text(), /team\/app/)
    await page.goto(`${registry}/uploads`)
    await page.getByRole('button', { name: 'Cancel…' }).click()
    await page.getByRole('button', { name: 'Cancel upload', exact: true }).click()
    await page.getByText('There are no open uploads.').waitFor()
    assert.deepEqual((await uploads()).json(), { value: [] })
  })

  await t.test('a repository is found in the tree, and deleted after its name is typed', async () => {
    await page.goto(`${registry}/repositories?show=tree`)
    await page.getByRole('treeitem', { name: /other\// }).click()
    await page.getByRole('treeitem', { name: 'tool' }).press('Enter')
    await page.getByRole('heading', { level: 1, name: 'other/tool', exact: true }).waitFor()
    await page.getByRole('tab', { name: 'Settings' }).click()
    await page.getByRole('button', { name: 'Delete repository…' }).click()
    const confirm = page.getByRole('dialog').getByRole('button', { name: 'Delete repository' })
    assert.equal(await confirm.isDisabled(), true)
    await page.getByLabel('To confirm, type other/tool').fill('other/tool')
    await confirm.click()
    await page.getByRole('heading', { level: 1, name: 'Repositories', exact: true }).waitFor()
    assert.equal((await properties('other/tool')).status, 404)
  })

  await t.test('the home view says what needs attention, and the search finds', async () => {
    const app = await createServicePrincipal(server, 'images-ci')
    await addSecret(app.applicationObjectId, 0, 10)
    const old = await createServicePrincipal(server, 'images-old')
    await addSecret(old.applicationObjectId, -100, 100)
    expectStatus(await arm(server, 'PATCH', registryId(server), { properties: { adminUserEnabled: true } }), 200)
    const path = `${registryId(server)}/providers/Acrux.Server/quotas/small`
    expectStatus(await arm(server, 'PUT', path, { properties: { repository: 'team/app', limitBytes: 1000 } }), 201)
    await openView(page, '/portal/')
    await page.getByText(/A secret of images-ci expires in \d+ days/).waitFor()
    await page.getByText(/A secret of images-old was not used in the last 90 days/).waitFor()
    assert.equal(await page.getByText(/was not used/).count(), 1)
    await page.getByText(/The admin account is on/).waitFor()
    await page.getByText(/team\/app uses \d+ % of its quota/).waitFor()
    assert.deepEqual(await violations(page), [])
    await page.getByRole('searchbox', { name: 'Search' }).fill('team/app:1')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: '1', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'team/app:1', exact: true }).waitFor()
    await openView(page, `/portal/search?q=${encodeURIComponent(second.digest.slice(0, 30))}`)
    await page.getByRole('cell', { name: 'team/app' }).first().waitFor()
    await openView(page, '/portal/search?q=both')
    await page.getByRole('link', { name: 'both', exact: true }).waitFor()
    await openView(page, inApp)
    await page.getByRole('row', { name: /^Select both both .*amd64/ }).waitFor()
    await openView(page, '/portal/search?q=images-')
    await page.getByRole('cell', { name: 'images-ci' }).waitFor()
    assert.deepEqual(await violations(page), [])
  })

  await setMode(server, 'LegacyRegistryPermissions')
  assert.deepEqual(faults, [])
})

/** The denied requests of a person to ARM, as the audit log has them. */
async function denialsOf(id: string): Promise<readonly unknown[]> {
  const filter = encodeURIComponent(`principalId eq '${id}' and outcome eq 'refused'`)
  const log = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/auditEvents`
  const answer = await arm(server, 'GET', `${log}?api-version=2023-07-01&$filter=${filter}`)
  const { value } = expectStatus(answer, 200).json() as { readonly value: readonly { readonly action: string }[] }
  return value.filter(({ action }) => action.startsWith('management.'))
}

test('a person who may only see uploads sees why they may not cancel or import', async (t) => {
  if (!canRun(t)) return
  await prepare()
  await beginUpload(pusher, 'team/upload')
  const person = await createPerson(server, 'images-sees')
  await give(person, roles.reader)
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await watch(context)
  await signIn(page, person, `${registry}/uploads`)
  await page.getByText('Your roles do not allow you to cancel uploads.', { exact: false }).first().waitFor()
  await page.getByRole('button', { name: 'Cancel…', disabled: true }).first().waitFor()
  await openView(page, '/portal/')
  // The log of the registry is read where that of the server may not be.
  await page
    .getByRole('link', { name: /team\/app:/ })
    .first()
    .waitFor()
  await page.getByText(/Your roles do not allow you to read: .*webhooks/).waitFor()
  assert.deepEqual(await denialsOf(person.id), [])
  await page.goto(`${registry}/import`)
  await page.getByText('Your roles do not allow you to import images.', { exact: false }).first().waitFor()
  const path = `/portal/api/arm${registryId(server)}/importImage?api-version=2023-07-01`
  const status = await page.evaluate(
    `fetch('${path}', { method: 'POST', body: '{}', headers: { 'x-acrux-portal': '1', 'content-type': 'application/json' } })
      .then(({ status }) => status)`,
  )
  assert.equal(status, 403)
  assert.deepEqual(faults, [])
})

test('a reader sees why they may not change images, and the server denies it', async (t) => {
  if (!canRun(t)) return
  await prepare()
  const reader = await createPerson(server, 'images-reader')
  await give(reader, roles.acrPull)
  await using context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 360, height: 740 } })
  const { page, faults } = await watch(context)
  await signIn(page, reader, `${inApp}/manifests/1`)
  for (const name of ['Lock tag…', 'Remove tag…', 'Lock manifest…', 'Delete manifest…']) {
    await page.getByRole('button', { name, disabled: true }).waitFor()
  }
  await page.getByText('Your roles do not allow you to delete images in this repository.', { exact: false }).waitFor()
  await openView(page, `${inApp}?tab=settings`)
  await page.getByRole('button', { name: 'Delete repository…', disabled: true }).waitFor()
  const path = `/portal/api/registry/${encodeURIComponent(loginServer)}/acr/v1/team/app/_tags/1`
  const status = await page.evaluate(
    `fetch('${path}', { method: 'DELETE', headers: { 'x-acrux-portal': '1' } }).then(({ status }) => status)`,
  )
  assert.ok(status === 401 || status === 403, String(status))
  assert.deepEqual(faults, [])
})

test('what others have pushed is text in the session of an owner, and nothing of it runs', async (t) => {
  if (!canRun(t)) return
  const blobs = await pushHostile(pusher, 'evil/script')
  const body = {
    userPrincipalName: 'evil@acrux.localhost',
    displayName: hostile,
    mailNickname: 'evil',
    accountEnabled: true,
    passwordProfile: { password: 'tidal lantern 7 quilt', forceChangePasswordNextSignIn: false },
  }
  const made = expectStatus(await graph(server, 'POST', '/users', body), 201).json()
  const evil = {
    id: stringAt(made, 'id'),
    userPrincipalName: body.userPrincipalName,
    password: body.passwordProfile.password,
  }
  await give(evil, roles.owner)
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await watch(context)
  const at = `${registry}/repositories/evil%2Fscript`
  // The name of the signed-in person is hostile too.
  await signIn(page, evil, at)
  await page.getByRole('button', { name: `Account of ${hostile}` }).waitFor()
  const text = encodeURIComponent(hostile)
  const places = [
    at,
    `${at}?show=tags&filter=${text}`,
    `${at}?tab=history&tag=${text}`,
    ...['overview', 'config', 'referrers', 'raw'].map((show) => `${at}/manifests/large?show=${show}`),
    ...['overview', 'config', 'referrers', 'raw'].map((show) => `${at}/manifests/page?show=${show}`),
    `${registry}/repositories?filter=${text}`,
    `${registry}/repositories/${text}`,
    `${at}/manifests/${text}`,
    `/portal/registries/${text}`,
    `/portal/search?q=${text}`,
    `/portal/search?q=${encodeURIComponent(hostile.slice(0, 20))}`,
    `${registry}/import?operation=${text}&target=${text}`,
    `${registry}/import?operation=${encodeURIComponent('//evil.example/x')}`,
    '/portal/',
  ]
  for (const place of places) {
    await openView(page, place)
    assert.notEqual(await page.title(), 'ran', place)
    // No markup of it became an element.
    const injected = await page.evaluate(
      `document.querySelectorAll('main script, main img, main svg[onload], main iframe, main a[href^="javascript"]').length`,
    )
    assert.equal(injected, 0, place)
    assert.deepEqual(faults.splice(0), [], place)
  }
  await openView(page, `${at}/manifests/large`)
  await page.getByText(hostile, { exact: true }).first().waitFor()
  for (const digest of blobs) {
    // A person who opens the address of a blob itself gets no document of it.
    const address = `/portal/api/registry/${encodeURIComponent(loginServer)}/v2/evil/script/blobs/${digest}`
    const answer = await page.goto(address)
    assert.equal(answer?.status(), 403)
    assert.notEqual(await page.title(), 'ran')
  }
})

test('a person with one repository changes what is in it, and sees nothing else', async (t) => {
  if (!canRun(t)) return
  await prepare()
  const person = await createPerson(server, 'images-one')
  await setMode(server, 'AbacRepositoryPermissions')
  await giveRoles.writer(server, person)
  await using context = await browser.newContext({ reducedMotion: 'reduce' })
  const { page, faults } = await watch(context)
  await signIn(page, person, `${inApp}/manifests/both`)
  await page.getByRole('button', { name: 'Lock tag…' }).click()
  await page.getByRole('checkbox', { name: 'Forbid overwriting' }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await openView(page, `${inApp}/manifests/both`)
  await page.getByText('Locked', { exact: true }).first().waitFor()
  await page.getByRole('button', { name: 'Delete manifest…', disabled: true }).waitFor()
  const places = ['repositories', 'deleted', 'import', 'uploads'].map((place) => `${registry}/${place}`)
  for (const view of ['/portal/', registry, ...places, '/portal/search?q=app']) {
    await openView(page, view)
    assert.equal(await page.getByText('mirror/app').count(), 0, view)
    assert.deepEqual(faults.splice(0), [], view)
  }
  await page.goto(`${registry}/repositories/mirror%2Fapp`)
  await page.getByText('You do not have permission to see this page').waitFor()
})

test('the pages here make every change that the table says', (t) => {
  if (canRun(t)) assert.deepEqual(made.missing(), [])
})
