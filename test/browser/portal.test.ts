import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { roles } from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { request } from '../harness/http.ts'
import { basic, pushBlob, pushImage, putManifest } from '../harness/registry.ts'
import { recordChanges } from './portal-made-changes.ts'
import { hostile, openCommands, openPortal, openView, signIn, violations } from './portal-page.ts'

const portal = await openPortal()
const { server, browser, canRun, watch, give } = portal
const made = recordChanges(portal, 'portal')

const { appId, password } = server.firstRun.servicePrincipal
const authorization = basic(appId, password)
const { loginServer, registry: name } = server.firstRun

async function pushHostile(): Promise<void> {
  const config = await pushBlob(
    server,
    'team/evil',
    Buffer.from(
      JSON.stringify({
        os: hostile,
        architecture: hostile,
        config: { Labels: { [hostile]: hostile }, Env: [hostile], Cmd: [hostile] },
        history: [{ created: hostile, created_by: hostile }],
      }),
    ),
    authorization,
  )
  const layer = await pushBlob(server, 'team/evil', Buffer.from(`<!doctype html>${hostile}`), authorization)
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      artifactType: 'text/html',
      config: { ...config, mediaType: 'application/vnd.oci.image.config.v1+json' },
      layers: [{ ...layer, mediaType: 'image/svg+xml' }],
      annotations: { [hostile]: hostile, padding: 'x'.repeat(3_000_000) },
    }),
  )
  const put = await putManifest(server, 'team/evil', { reference: 'page', mediaType, bytes }, authorization)
  assert.equal(put.status, 201, put.text())
}

const image = `/portal/r/${name}`

test('pushed text is shown as text, and an address that names nothing leads nowhere', async (t) => {
  if (!canRun(t)) return
  await pushHostile()
  const reader = await createPerson(server, 'reader')
  await give(reader, roles.acrPull)
  await using context = await browser.newContext()
  const { page, faults } = await watch(context)
  await signIn(page, reader)
  const views = [
    `${image}/repositories/team%2Fevil/manifests/page`,
    '/portal/nothing/here',
    '/portal//evil.example/x',
    '/portal/registries/%24(touch%20x)',
  ]
  for (const view of views) {
    await openView(page, view)
    assert.deepEqual(await violations(page), [], view)
    assert.deepEqual(faults.splice(0), [], view)
    assert.notEqual(await page.title(), 'ran', view)
    assert.equal(new URL(page.url()).origin, server.baseUrl, view)
  }
})

test('a person moves by links and the keyboard, goes back, and signs out', async (t) => {
  if (!canRun(t)) return
  await pushImage(server, 'team/keys', '1', authorization)
  const person = await createPerson(server, 'keys')
  await give(person, roles.owner)
  await using context = await browser.newContext({ viewport: { width: 360, height: 640 } })
  const { page, faults } = await made.watch(context)
  const deep = `${image}/repositories`
  await signIn(page, person, deep)
  await page.getByRole('link', { name: 'team/keys' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'team/keys' }).waitFor()
  const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
  assert.equal(isWide, false, 'the page is wider than a phone')
  await page.goBack()
  await page.getByRole('heading', { level: 1, name: 'Repositories' }).waitFor()
  await signOut(page, 'keys', 'Sign out')
  const names = (await context.cookies()).map(({ name }) => name)
  assert.equal(names.includes('__Host-acrux-portal'), false)
  assert.deepEqual(faults, [])
})

test('a person copies a login of three hours, which ends when they sign out everywhere', async (t) => {
  if (!canRun(t)) return
  const person = await createPerson(server, 'copies')
  await give(person, roles.acrPull)
  await using context = await browser.newContext()
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  assert.equal((await ask('GET', '/')).headers.location, '/portal/')
  for (const path of ['/portal/', '/portal/sign-in-failed']) {
    assert.equal((await ask('HEAD', path)).status, 200)
  }
  const { page, faults } = await made.watch(context)
  await signIn(page, person, image)
  await page.getByRole('button', { name: 'Copy login command' }).click()
  await page.getByText('Copied', { exact: true }).waitFor()
  const command: unknown = await page.evaluate('navigator.clipboard.readText()')
  const login = /^echo (\S+) \| docker login (\S+) --username (\S+) --password-stdin$/.exec(String(command))
  assert.equal(login?.[2], loginServer)
  const status = async () => {
    const url = `/oauth2/token?service=${loginServer}&scope=repository:team/app:pull`
    return (await ask('GET', url, { authorization: basic(login?.[3] ?? '', login?.[1] ?? '') })).status
  }
  assert.equal(await status(), 200)
  await openCommands(page)
  for (const [client, push] of Object.entries({ podman: 'podman push', helm: 'helm push', oras: 'oras push' })) {
    await page.getByRole('radio', { name: client }).check()
    await page.getByRole('group', { name: 'Push', exact: true }).getByText(push).waitFor()
  }
  await page.getByRole('button', { name: 'Copy login command' }).click()
  await page.getByText('Copied', { exact: true }).waitFor()
  assert.match(String(await page.evaluate('navigator.clipboard.readText()')), /^echo \S+ \| oras login \S+ --username /)
  await signOut(page, 'copies', 'Sign out of the portal everywhere')
  assert.equal(await status(), 401)
  assert.deepEqual(faults, [])
})

test('the pages here make every change that the table says', (t) => {
  if (canRun(t)) assert.deepEqual(made.missing(), [])
})

const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  request({ method, url: `${server.baseUrl}${path}`, headers, caFile: server.caFile })

async function signOut(page: Page, name: string, item: string): Promise<void> {
  await page.getByRole('button', { name: `Account of ${name}` }).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
  await page.waitForURL('**/sign-out/done')
}
