import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { type Az, azHome, claimsOf, step, useCloud } from '../clients/az/az.ts'
import { expectStatus, graph } from '../harness/arm.ts'
import { browserFor } from '../harness/browser.ts'
import { type ClientHome, type Ran, clientHome, run } from '../harness/clients.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import type { InteractiveTask } from './interactive-program.ts'

const server = await startServer()
const browser = browserFor(server)
after(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const program = fileURLToPath(new URL('./interactive-program.ts', import.meta.url))
const { owner, tenantId } = server.firstRun
const bob = {
  userPrincipalName: owner.userPrincipalName.replace(/^[^@]+/, 'bob'),
  password: 'a long password of Bob’s',
}

type Person = typeof bob

/** A command that programs start as the browser. It records the address, and returns at once. */
function browserCommand(home: ClientHome): { readonly path: string; readonly url: () => string | undefined } {
  const told = join(home.path, 'url')
  const path = join(home.path, 'browser')
  writeFileSync(path, `#!/bin/sh\nprintf '%s' "$1" > '${told}.part' && mv '${told}.part' '${told}'\n`)
  chmodSync(path, 0o700)
  return { path, url: () => (existsSync(told) ? readFileSync(told, 'utf8') : undefined) }
}

/** Starts a program, and completes in the browser what it requests. */
async function withBrowser(
  context: BrowserContext,
  home: ClientHome,
  start: (command: string) => Promise<Ran>,
  visit: (page: Page) => Promise<void>,
): Promise<Ran> {
  const command = browserCommand(home)
  const ended = new AbortController()
  const ran = start(command.path).finally(() => ended.abort())
  while (command.url() === undefined && !ended.signal.aborted) await sleep(100)
  const url = command.url()
  if (url === undefined) throw new Error(`no browser was opened: ${(await ran).stderr}`)
  const page = await context.newPage()
  await page.goto(url)
  await visit(page)
  return ran
}

async function enterPassword(page: Page, { userPrincipalName, password }: Person): Promise<void> {
  await page.getByLabel('User name').fill(userPrincipalName)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const azLogin = (az: Az) => (command: string) => az.run(['login'], { BROWSER: command })
const nameIn = (ran: Ran) => stringAt(JSON.parse(ran.stdout), 0, 'user', 'name')

step(
  'two people sign in to az from one browser, each picks their account, and neither ends the sign-in of the other',
  ['az', 'chromium'],
  async () => {
    const { userPrincipalName, password } = bob
    const [mailNickname = ''] = userPrincipalName.split('@')
    const passwordProfile = { password, forceChangePasswordNextSignIn: false }
    const user = { accountEnabled: true, displayName: 'Bob', mailNickname, userPrincipalName, passwordProfile }
    expectStatus(await graph(server, 'POST', '/users', user), 201)
    using first = azHome(server.caFile)
    using second = azHome(server.caFile)
    using third = azHome(server.caFile)
    for (const az of [first, second, third]) await useCloud(az, server)
    await using context = await browser.newContext()

    const one = await withBrowser(context, first.home, azLogin(first), async (page) => {
      await enterPassword(page, owner)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByText('You have logged into Microsoft Azure!').waitFor()
    })
    assert.equal(one.code, 0, one.stderr)
    assert.equal(nameIn(one), owner.userPrincipalName)

    const two = await withBrowser(
      context,
      second.home,
      (command) => second.run(['login', '--allow-no-subscriptions'], { BROWSER: command }),
      async (page) => {
        await page.getByRole('heading', { name: 'Pick an account' }).waitFor()
        await page.getByRole('button', { name: 'Use another account' }).click()
        await enterPassword(page, bob)
        await page.getByRole('button', { name: 'Continue' }).click()
      },
    )
    assert.equal(two.code, 0, two.stderr)
    assert.equal(nameIn(two), bob.userPrincipalName)

    const three = await withBrowser(context, third.home, azLogin(third), async (page) => {
      await page.getByRole('button', { name: owner.userPrincipalName }).click()
      await page.getByRole('button', { name: 'Continue' }).click()
    })
    assert.equal(nameIn(three), owner.userPrincipalName)
    await first.text('account', 'get-access-token', '--resource', 'https://containerregistry.azure.net')
    await second.text(
      'account',
      'get-access-token',
      '--resource',
      'https://containerregistry.azure.net',
      '--tenant',
      tenantId,
    )
  },
)

step('az says why when the person cancels in the browser', ['az', 'chromium'], async () => {
  using az = azHome(server.caFile)
  await useCloud(az, server)
  await using context = await browser.newContext()
  const ran = await withBrowser(context, az.home, azLogin(az), (page) =>
    page.getByRole('button', { name: 'Cancel' }).click(),
  )
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /AADSTS65004/)
})

test('InteractiveBrowserCredential signs a person in, and gets a token for another resource silently', async (t) => {
  if (!browser.isThere(t)) return
  using home = clientHome(server.caFile)
  await using context = await browser.newContext()
  const task: InteractiveTask = {
    authorityHost: server.baseUrl,
    tenantId,
    scopes: ['https://management.azure.com/.default', 'https://containerregistry.azure.net/.default'],
  }
  const start = (command: string) =>
    run(process.execPath, [program], { env: { ...home.env, BROWSER: command }, input: JSON.stringify(task) })
  const ran = await withBrowser(context, home, start, async (page) => {
    await enterPassword(page, owner)
    await page.getByRole('button', { name: 'Continue' }).click()
  })
  assert.equal(ran.code, 0, ran.stderr)
  const tokens = listAt(JSON.parse(ran.stdout), 'tokens').map((token) => claimsOf(String(token)))
  assert.deepEqual(
    tokens.map((claims) => stringAt(claims, 'upn')),
    [owner.userPrincipalName, owner.userPrincipalName],
  )
  assert.match(stringAt(tokens[1], 'aud'), /containerregistry/)
})
