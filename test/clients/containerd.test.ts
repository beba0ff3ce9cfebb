import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { setAnonymousPull } from '../harness/arm.ts'
import { clientHome, findProgram, mustRun, requireClient, requireRoot, run, type Ran } from '../harness/clients.ts'
import { startContainerd, writeHosts } from './lib/containerd.ts'
import { openMountNamespace } from './lib/mount-namespace.ts'
import { writeLayout } from './lib/oci-layout.ts'
import { assertFails, distrust, denial } from './lib/steps.ts'
import { tar } from './lib/tar.ts'
import { everyone, repositoryOf, startUnderTest, type Login } from './lib/under-test.ts'

/** containerd verifies no certificate of a host that is called localhost, so the registry has another name here. */
const hostname = 'registry.test'

const under = await startUnderTest({ publicHost: hostname })
const { host } = under
const home = clientHome()
const { env } = home
const cleanUp = new AsyncDisposableStack()
cleanUp.defer(() => under[Symbol.asyncDispose]())
cleanUp.use(home)
after(() => cleanUp.disposeAsync())

const hosts = join(home.path, 'hosts')
const trusting = join(home.path, 'trusting')
const untrusting = join(home.path, 'untrusting')
writeFileSync(hosts, `127.0.0.1 localhost ${hostname}\n`)
writeHosts(trusting, host, under.server.caFile)
writeHosts(untrusting, host)

const canRun = process.getuid?.() === 0 && ['containerd', 'ctr', 'unshare', 'nsenter'].every(findProgram)
const started = canRun ? await start() : undefined

async function start(): Promise<(args: readonly string[]) => Promise<Ran>> {
  const view = cleanUp.use(await openMountNamespace([{ from: hosts, to: '/etc/hosts' }]))
  const containerd = cleanUp.use(await startContainerd(join(home.path, 'containerd'), env))
  return (args) => {
    const [command, entered] = view.enter('ctr', ['--address', containerd.socket, ...args])
    return run(command, entered, { env })
  }
}

function required(t: TestContext): boolean {
  return requireRoot(t) && requireClient(t, 'containerd', 'ctr', 'unshare', 'nsenter')
}

async function tryCtr(...args: string[]): Promise<Ran> {
  if (started === undefined) throw new Error('containerd is not running')
  return started(args)
}

async function ctr(...args: string[]): Promise<Ran> {
  const ran = await tryCtr(...args)
  if (ran.code !== 0)
    throw new Error(`ctr ${args.join(' ')}: exit ${ran.code ?? 'by signal'}\n${ran.stdout}${ran.stderr}`)
  return ran
}

function credentials(login: Login): string[] {
  return ['--user', `${login.username}:${login.password}`]
}

/** Imports an image of busybox and the text under the name, which ends in `:1`, and returns its digest. */
async function importImage(name: string, text: string): Promise<string> {
  const dir = join(home.path, 'layouts', text.replaceAll(' ', '-'))
  const { digest } = writeLayout(dir, { text })
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const archive = join(home.path, 'import.tar')
  const members = files.map((entry) => {
    const path = join(entry.parentPath, entry.name)
    return { path: path.slice(dir.length + 1), content: readFileSync(path) }
  })
  writeFileSync(archive, tar(members))
  await ctr('images', 'import', '--no-unpack', '--base-name', name.slice(0, -2), archive)
  return digest
}

const pulling = ['images', 'pull', '--snapshotter', 'native', '--hosts-dir', trusting]
const pushing = ['images', 'push', '--hosts-dir', trusting]

async function digestOfLocal(name: string): Promise<string | undefined> {
  const listed = await ctr('images', 'ls', `name==${name}`)
  return /sha256:[0-9a-f]{64}/.exec(listed.stdout)?.[0]
}

for (const who of everyone) {
  test(`containerd's ctr pushes and pulls as ${who}, with equal digests`, async (t) => {
    if (!required(t)) return
    const user = credentials(under.logins[who])
    const repository = repositoryOf(who)
    const name = `${host}/${repository}:1`
    const digest = await importImage(name, who)
    await ctr(...pushing, ...user, name)
    assert.equal(await under.digestOf(repository, '1'), digest)
    await ctr('images', 'rm', '--sync', name)
    await ctr(...pulling, ...user, name)
    assert.equal(await digestOfLocal(name), digest)
    await ctr(...pulling, ...user, `${host}/${repository}@${digest}`)
  })
}

test("containerd's ctr pushes and pulls an index of two platforms", async (t) => {
  if (!required(t)) return
  using client = clientHome()
  const layout = join(client.path, 'pair')
  const { digest } = writeLayout(layout, { text: 'two images', architectures: ['amd64', 'arm64'] })
  const archive = join(client.path, 'pair.tar')
  await mustRun('tar', ['-cf', archive, '-C', layout, '.'], { env: client.env })
  const name = `${host}/clients/pair:1`
  await ctr('images', 'import', '--no-unpack', '--all-platforms', '--base-name', `${host}/clients/pair`, archive)
  const user = credentials(under.logins['a service principal'])
  await ctr(...pushing, ...user, name)
  assert.equal(await under.digestOf('clients/pair', '1'), digest)
  await ctr('images', 'rm', '--sync', name)
  await ctr(...pulling, '--all-platforms', ...user, name)
  assert.equal(await digestOfLocal(name), digest)
})

test("containerd's ctr as a principal with AcrPull pulls, and does not push", async (t) => {
  if (!required(t)) return
  const name = `${host}/clients/read-only:1`
  const digest = await importImage(name, 'read only')
  await ctr(...pushing, ...credentials(under.logins['the admin account']), name)
  const reader = credentials({ username: under.reader.appId, password: under.reader.password })
  await ctr('images', 'rm', '--sync', name)
  await ctr(...pulling, ...reader, name)
  assert.equal(await digestOfLocal(name), digest)
  assertFails(await tryCtr(...pushing, ...reader, `${host}/clients/read-only:2`, name), denial)
  assert.equal(await under.digestOf('clients/read-only', '2'), undefined)
})

test("containerd's ctr pulls anonymously while the registry allows it, and never pushes so", async (t) => {
  if (!required(t)) return
  const name = `${host}/clients/anonymous:1`
  const digest = await importImage(name, 'anonymous')
  await ctr(...pushing, ...credentials(under.logins['the admin account']), name)
  await ctr('images', 'rm', '--sync', name)
  assertFails(await tryCtr(...pulling, name), denial)
  await setAnonymousPull(under.server, true)
  await ctr(...pulling, name)
  assert.equal(await digestOfLocal(name), digest)
  assertFails(await tryCtr(...pushing, `${host}/clients/anonymous:2`, name), denial)
  await setAnonymousPull(under.server, false)
  assertFails(await tryCtr(...pulling, name), denial)
})

test("containerd's ctr does nothing with a wrong password, for any user name", async (t) => {
  if (!required(t)) return
  const name = `${host}/clients/wrong:1`
  await importImage(name, 'wrong password')
  for (const { username, password } of Object.values(under.logins)) {
    const wrong = credentials({ username, password: `${password.slice(0, -4)}----` })
    assertFails(await tryCtr(...pushing, ...wrong, name), denial)
  }
})

test("containerd's ctr does not connect to the server unless it trusts its certificate authority", async (t) => {
  if (!required(t)) return
  const name = `${host}/clients/untrusted:1`
  await importImage(name, 'untrusted')
  const user = credentials(under.logins['the admin account'])
  assertFails(await tryCtr('images', 'push', '--hosts-dir', untrusting, ...user, name), distrust)
  assert.equal(await under.digestOf('clients/untrusted', '1'), undefined)
})
