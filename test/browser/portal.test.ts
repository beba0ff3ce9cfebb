import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, after, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { assignRole, registryId, roles } from '../harness/arm.ts'
import { browserFor } from '../harness/browser.ts'
import { type NewPerson, createPerson } from '../harness/directory.ts'
import { request } from '../harness/http.ts'
import type { Person } from '../harness/page-visitor.ts'
import { basic, pushBlob, pushImage, putManifest } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'

const root = join(import.meta.dirname, '../..')
const isBuilt = existsSync(join(root, 'server/src/portal-host/assets/portal.json'))

const server = await startServer()
const browser = browserFor(server)
after(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** False without Chromium or without a built portal. */
function canRun(t: TestContext): boolean {
  if (!browser.isThere(t)) return false
  if (isBuilt) return true
  if (process.env['CI'] === 'true') throw new Error('the portal is not built')
  t.skip('not run: the portal is not built; run npm run portal')
  return false
}

const { appId, password } = server.firstRun.servicePrincipal
const authorization = basic(appId, password)
const { loginServer } = server.firstRun

/** Text that would change the title if a browser ran it. */
const hostile = `"><script>document.title='ran'</script><img src=x onerror="document.title='ran'"><svg onload="document.title='ran'">`

/** What a person saw in the portal that they should not have. */
type Watched = { readonly page: Page; readonly faults: string[] }

async function watch(context: BrowserContext): Promise<Watched> {
  const faults: string[] = []
  const page = await context.newPage()
  // An error of the page, which the test watches.
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) => {
    setTimeout(() => { throw new Error('policy violation: ' + event.violatedDirective + ' ' + event.blockedURI) })
  })`)
  page.on('console', (message) => {
    // Chromium logs each response that is no success; the view shows it.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol !== 'data:' && url.origin !== server.baseUrl) faults.push(`a request to ${request.url()}`)
  })
  return { page, faults }
}

async function signIn(page: Page, { userPrincipalName, password: word }: Person, path = '/portal/'): Promise<void> {
  await page.goto(path)
  await page.getByLabel('User name').fill(userPrincipalName)
  await page.getByLabel('Password').fill(word)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((url) => decodeURIComponent(url.pathname) === decodeURIComponent(path))
}

/** The violations that axe finds. Tabster's elements only move the focus. */
async function violations(page: Page): Promise<readonly string[]> {
  const axe = readFileSync(join(root, 'portal/node_modules/axe-core/axe.min.js'), 'utf8')
  // Evaluated by the debugger, to which the policy of the page does not apply.
  await page.evaluate(axe)
  return page.evaluate(`axe.run({ exclude: [['[data-tabster-dummy]']] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))`)
}

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

const image = `/portal/registries/${encodeURIComponent(loginServer)}`

test('each person sees in the portal what their roles permit, without an error of the page', async (t) => {
  if (!canRun(t)) return
  await pushImage(server, 'team/app', '1', authorization)
  await pushHostile()
  const { owner } = server.firstRun
  const reader = await createPerson(server, 'reader')
  const nobody = await createPerson(server, 'nobody')
  const manager = await createPerson(server, 'manager')
  await give(reader, roles.acrPull)
  await give(manager, roles.owner)
  assert.notEqual(owner.userPrincipalName, '')
  const views = [
    '/portal/',
    image,
    `${image}/repositories`,
    `${image}/repositories/team%2Fapp`,
    `${image}/repositories/team%2Fapp/manifests/1`,
    `${image}/repositories/team%2Fevil/manifests/page`,
    '/portal/nothing/here',
    '/portal/registries/%24(touch%20x)',
    '/portal/sign-in-failed?reason=expired&id=x',
  ]
  for (const [name, person] of Object.entries({ manager, reader, nobody })) {
    await t.test(name, async () => {
      await using context = await browser.newContext()
      const { page, faults } = await watch(context)
      await signIn(page, person)
      for (const view of views) {
        await page.goto(view)
        await page.getByRole('heading', { level: 1 }).or(page.getByRole('alert')).first().waitFor()
        await page.waitForLoadState('networkidle')
        assert.deepEqual(await violations(page), [], `${name} ${view}`)
        assert.deepEqual(faults.splice(0), [], `${name} ${view}`)
        assert.notEqual(await page.title(), 'ran', `${name} ${view}`)
      }
      await page.goto(`${image}/repositories/team%2Fapp`)
      const tag = page.getByRole('link', { name: '1', exact: true })
      if (name === 'nobody') await page.getByText('You do not have permission to see this').waitFor()
      else await tag.waitFor()
      assert.equal(await tag.count(), name === 'nobody' ? 0 : 1)
    })
  }
})

test('a person moves by links and the keyboard, goes back, and signs out', async (t) => {
  if (!canRun(t)) return
  await pushImage(server, 'team/keys', '1', authorization)
  const person = await createPerson(server, 'keys')
  await give(person, roles.owner)
  await using context = await browser.newContext({ viewport: { width: 360, height: 640 } })
  const { page, faults } = await watch(context)
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
  const { page, faults } = await watch(context)
  await signIn(page, person, image)
  await page.getByRole('button', { name: 'Copy login command' }).click()
  await page.getByText('Copied', { exact: true }).waitFor()
  const command: unknown = await page.evaluate('navigator.clipboard.readText()')
  const login = /^docker login (\S+) --username (\S+) --password-stdin <<< (\S+)$/.exec(String(command))
  assert.equal(login?.[1], loginServer)
  const status = async () => {
    const url = `/oauth2/token?service=${loginServer}&scope=repository:team/app:pull`
    return (await ask('GET', url, { authorization: basic(login?.[2] ?? '', login?.[3] ?? '') })).status
  }
  assert.equal(await status(), 200)
  await signOut(page, 'copies', 'Sign out of the portal everywhere')
  assert.equal(await status(), 401)
  assert.deepEqual(faults, [])
})

const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  request({ method, url: `${server.baseUrl}${path}`, headers, caFile: server.caFile })

const give = ({ id }: NewPerson, role: string) => assignRole(server, { id, type: 'User' }, role, registryId(server))

async function signOut(page: Page, name: string, item: string): Promise<void> {
  await page.getByRole('button', { name: `Account of ${name}` }).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
  await page.waitForURL('**/sign-out')
}
