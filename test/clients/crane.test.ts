import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { clientHome, mustRun, requireTool, run, type ClientHome, type Ran } from '../harness/clients.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { writeLayout } from './lib/oci-layout.ts'
import { assertFails, distrust, denial } from './lib/steps.ts'
import { everyone, repositoryOf, startUnderTest, type Login } from './lib/under-test.ts'

const under = await startUnderTest()
const { host } = under
const scratch = tempDir('crane')
const layout = join(scratch.path, 'image')
const { digest } = writeLayout(layout, { text: 'an image' })
after(async () => {
  scratch.remove()
  await under[Symbol.asyncDispose]()
})

function crane(home: ClientHome, ...args: string[]): Promise<Ran> {
  return mustRun('crane', args, { env: home.env, cwd: home.path })
}

function tryCrane(home: ClientHome, ...args: string[]): Promise<Ran> {
  return run('crane', args, { env: home.env, cwd: home.path })
}

const lines = async (ran: Promise<Ran>): Promise<string[]> => (await ran).stdout.trim().split('\n')

/** A home with a login. crane stores it without a request. */
async function craneHome({ username, password }: Login): Promise<ClientHome> {
  const home = clientHome(under.server.caFile)
  await mustRun('crane', ['auth', 'login', host, '-u', username, '--password-stdin'], {
    env: home.env,
    input: password,
  })
  return home
}

for (const who of everyone) {
  test(`crane logs in, pushes, lists, copies, pulls and deletes as ${who}, with equal digests`, async (t) => {
    if (!requireTool(t, 'crane')) return
    using home = await craneHome(under.logins[who])
    const repository = repositoryOf(who)
    const name = `${host}/${repository}`
    await crane(home, 'push', layout, `${name}:1`)
    assert.equal(await under.digestOf(repository, '1'), digest)
    assert.deepEqual(await lines(crane(home, 'digest', `${name}:1`)), [digest])
    await crane(home, 'tag', `${name}:1`, '2')
    assert.deepEqual(await lines(crane(home, 'ls', name)), ['1', '2'])
    if (who === 'a scoped token') assertFails(await tryCrane(home, 'catalog', host), denial)
    else assert.ok((await lines(crane(home, 'catalog', host))).includes(repository), 'the catalog names the repository')

    await crane(home, 'copy', `${name}:1`, `${name}-copy:1`)
    assert.equal(await under.digestOf(`${repository}-copy`, '1'), digest)
    await crane(home, 'validate', '--remote', `${name}-copy:1`)
    await crane(home, 'pull', '--format', 'oci', `${name}:1`, 'pulled')
    await crane(home, 'delete', `${name}@${digest}`)
    assert.equal(await under.digestOf(repository, '1'), undefined)

    await crane(home, 'auth', 'logout', host)
    assertFails(await tryCrane(home, 'ls', name), denial)
  })
}

test('crane prints a token for a repository, and as a principal with AcrPull neither pushes nor deletes', async (t) => {
  if (!requireTool(t, 'crane')) return
  using pusher = await craneHome(under.logins['the admin account'])
  await crane(pusher, 'push', layout, `${host}/clients/read-only:1`)
  using home = await craneHome({ username: under.reader.appId, password: under.reader.password })
  assert.match((await crane(home, 'auth', 'token', `${host}/clients/read-only`)).stdout, /"(?:access_)?token":/)
  assert.deepEqual(await lines(crane(home, 'digest', `${host}/clients/read-only:1`)), [digest])
  assertFails(await tryCrane(home, 'push', layout, `${host}/clients/read-only:2`), denial)
  assertFails(await tryCrane(home, 'delete', `${host}/clients/read-only@${digest}`), denial)
})

test('crane is denied with a wrong password, and trusts no unknown authority', async (t) => {
  if (!requireTool(t, 'crane')) return
  const { username, password } = under.logins['the admin account']
  using home = await craneHome({ username, password: `${password}x` })
  assertFails(await tryCrane(home, 'catalog', host), denial)
  using untrusting = clientHome()
  assertFails(await tryCrane(untrusting, 'catalog', host), distrust)
})
