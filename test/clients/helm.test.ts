import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { clientHome, mustRun, requireTool, run, type ClientHome, type Ran } from '../harness/clients.ts'
import { assertFails, assertWrongPasswordRejected, distrust, denial } from './lib/steps.ts'
import { everyone, repositoryOf, startUnderTest, type Login } from './lib/under-test.ts'

const under = await startUnderTest()
const { host } = under
after(() => under[Symbol.asyncDispose]())

const login = (...flags: string[]) => ['registry', 'login', ...flags, host]

/** Runs helm in the home, where files are named relative to it. */
function helm(home: ClientHome, ...args: string[]): Promise<Ran> {
  return mustRun('helm', args, { env: home.env, cwd: home.path })
}

function tryHelm(home: ClientHome, ...args: string[]): Promise<Ran> {
  return run('helm', args, { env: home.env, cwd: home.path })
}

async function helmHome({ username, password }: Login): Promise<ClientHome> {
  const home = clientHome(under.server.caFile)
  await mustRun('helm', login('-u', username, '--password-stdin'), { env: home.env, input: password })
  return home
}

/** Packages a chart with one template, and returns the name of its file. */
async function packageChart(home: ClientHome, name: string, version: string): Promise<string> {
  mkdirSync(join(home.path, name, 'templates'), { recursive: true })
  writeFileSync(join(home.path, name, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: ${version}\n`)
  const template = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n'
  writeFileSync(join(home.path, name, 'templates', 'map.yaml'), template)
  await helm(home, 'package', name)
  return `${name}-${version}.tgz`
}

for (const who of everyone) {
  test(`helm logs in, pushes, shows, pulls and renders a chart as ${who}`, async (t) => {
    if (!requireTool(t, 'helm')) return
    using home = await helmHome(under.logins[who])
    const folder = repositoryOf(who)
    const chart = await packageChart(home, 'web', '1.2.3')
    const pushed = await helm(home, 'push', chart, `oci://${host}/${folder}`)
    const digest = await under.digestOf(`${folder}/web`, '1.2.3')
    assert.ok(digest !== undefined && `${pushed.stdout}${pushed.stderr}`.includes(digest), pushed.stderr)
    const url = `oci://${host}/${folder}/web`
    assert.match((await helm(home, 'show', 'chart', url, '--version', '1.2.3')).stdout, /^version: 1\.2\.3$/m)
    mkdirSync(join(home.path, 'out'))
    await helm(home, 'pull', url, '--version', '1.2.3', '-d', 'out')
    assert.deepEqual(readFileSync(join(home.path, 'out', chart)), readFileSync(join(home.path, chart)))
    const newer = await packageChart(home, 'web', '1.3.0')
    await helm(home, 'push', newer, `oci://${host}/${folder}`)
    assert.match((await helm(home, 'template', 'release', url)).stdout, /^ {2}name: release$/m)
    assert.match((await helm(home, 'show', 'chart', url, '--version', '^1.0.0')).stdout, /^version: 1\.3\.0$/m)
    await helm(home, 'registry', 'logout', host)
    assertFails(await tryHelm(home, 'pull', url, '--version', '1.2.3'), denial)
  })
}

test('helm as a principal with AcrPull pulls a chart and does not push', async (t) => {
  if (!requireTool(t, 'helm')) return
  using pusher = await helmHome(under.logins['the admin account'])
  const chart = await packageChart(pusher, 'shared', '1.0.0')
  await helm(pusher, 'push', chart, `oci://${host}/clients`)
  using home = await helmHome({ username: under.reader.appId, password: under.reader.password })
  await helm(home, 'pull', `oci://${host}/clients/shared`, '--version', '1.0.0')
  const own = await packageChart(home, 'shared', '2.0.0')
  assertFails(await tryHelm(home, 'push', own, `oci://${host}/clients`), denial)
})

test('helm is not logged in by a wrong password, and trusts no unknown authority', async (t) => {
  if (!requireTool(t, 'helm')) return
  await assertWrongPasswordRejected('helm', under, [], (flags) => login(...flags))
  using home = clientHome()
  const { username, password } = under.logins['the admin account']
  assertFails(
    await run('helm', login('-u', username, '--password-stdin'), { env: home.env, input: password }),
    distrust,
  )
})
