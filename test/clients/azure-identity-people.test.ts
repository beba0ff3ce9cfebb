import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { graph } from '../harness/arm.ts'
import { clientHome, run, type Ran } from '../harness/clients.ts'
import { at, stringAt } from '../harness/json.ts'
import { pageVisitor } from '../harness/page-visitor.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { claimsOf } from './az/az.ts'
import type { PeopleTask } from './az/azure-people-program.ts'

const program = fileURLToPath(new URL('./az/azure-people-program.ts', import.meta.url))
const server = await startServer({ args: ['--identity-password-grant'] })
const home = clientHome(server.caFile)
after(async () => {
  home[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { tenantId, owner, loginServer, servicePrincipal } = server.firstRun
await pushImage(server, 'samples/hello', 'v1', basic(servicePrincipal.appId, servicePrincipal.password))
const az = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

interface How {
  env?: Readonly<Record<string, string>>
  onStderr?: (text: string) => void
}

/** Runs the SDK in a process of its own, which trusts the server's authority by NODE_EXTRA_CA_CERTS. */
function sdk(credential: PeopleTask['credential'], more: Partial<PeopleTask> = {}, how: How = {}): Promise<Ran> {
  const { userPrincipalName: username, password } = owner
  // Another resource than the token's before it: the credential has to use its refresh token.
  const where = { endpoint: `https://${loginServer}`, audience: 'https://management.azure.com' }
  const task = { credential, authorityHost: server.baseUrl, ...where, username, password }
  const input = JSON.stringify({ ...task, ...more } satisfies PeopleTask)
  const { onStderr = () => undefined } = how
  return run(process.execPath, [program], { env: { ...home.env, ...how.env }, input, onStderr })
}

function assertSignedIn(ran: Ran, clientId = az): void {
  assert.equal(ran.code, 0, ran.stderr)
  const said: unknown = JSON.parse(ran.stdout)
  assert.deepEqual(at(said, 'names'), ['samples/hello'])
  const claims = claimsOf(stringAt(said, 'token'))
  assert.partialDeepStrictEqual(claims, { idtyp: 'user', upn: owner.userPrincipalName, appid: clientId, tid: tenantId })
}

async function letIn(userCode: string): Promise<void> {
  const visitor = pageVisitor(server)
  const page = await visitor.open('/devicelogin')
  assert.ok('html' in page)
  await visitor.signIn(await visitor.submit(page, { user_code: userCode }), owner)
}

async function byDevice(more: Partial<PeopleTask>): Promise<Ran> {
  let answered: Promise<void> | undefined
  const ran = await sdk('device', more, {
    onStderr: (stderr) => {
      const userCode = /"userCode":"([^"]+)"/.exec(stderr)?.[1]
      if (userCode !== undefined) answered ??= letIn(userCode)
    },
  })
  await answered
  return ran
}

test('DeviceCodeCredential signs a person in, with and without a tenant', async () => {
  assertSignedIn(await byDevice({}))
  assertSignedIn(await byDevice({ tenantId }))
})

test('DeviceCodeCredential signs a person in to an application that is registered for it', async () => {
  const made = await graph(server, 'POST', '/applications', { displayName: 'tool', isFallbackPublicClient: true })
  const clientId = stringAt(made.json(), 'appId')
  // It gets tokens for the one resource that the person was asked about.
  const audience = 'https://containerregistry.azure.net'
  assertSignedIn(await byDevice({ tenantId, clientId, audience }), clientId)
})

test('UsernamePasswordCredential signs a person in where the operator allows it', async () => {
  assertSignedIn(await sdk('password', { tenantId, clientId: az }))
  const wrong = await sdk('password', { tenantId, clientId: az, password: 'wrong' })
  assert.notEqual(wrong.code, 0)
  assert.match(wrong.stderr, /AADSTS50126/)
})

test('InteractiveBrowserCredential signs a person in by the browser of the machine', async () => {
  const told = join(home.path, 'url')
  const browser = join(home.path, 'browser')
  writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" > '${told}.part' && mv '${told}.part' '${told}'\n`)
  chmodSync(browser, 0o700)
  const ended = new AbortController()
  const signingIn = sdk('browser', {}, { env: { BROWSER: browser } }).finally(() => ended.abort())
  const visit = async (): Promise<void> => {
    while (!existsSync(told)) {
      if (ended.signal.aborted) return
      await sleep(100)
    }
    const visitor = pageVisitor(server)
    const end = await visitor.signIn(await visitor.open(readFileSync(told, 'utf8')), owner)
    assert.ok('location' in end)
    assert.ok(end.fields !== undefined, 'the SDK asks for a response in a form')
    // The SDK hangs up as soon as it has read the code.
    await fetch(end.location, { method: 'POST', body: new URLSearchParams(end.fields) }).catch(() => undefined)
  }
  const [ran] = await Promise.all([signingIn, visit()])
  assertSignedIn(ran)
})
