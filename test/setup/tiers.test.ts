import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, basename } from 'node:path'
import { test } from 'node:test'
import { allFiles, filesOf, inNpmTest } from './tiers.ts'

/** Programs that tests require and that do not speak to a server of ours: tools, and the parts of a scene. */
const noClients = [
  'busybox',
  'certutil',
  'curl',
  'ip',
  'nginx',
  'npm',
  'nsenter',
  'openssl',
  'pebble',
  'promtool',
  'strace',
  'umoci',
  'unshare',
]

/** The tests in the folder `examples` run within those of `test/examples`. */
const repositoryFiles = (...patterns: string[]) =>
  globSync(patterns, { exclude: (name) => basename(name) === 'node_modules' || basename(name) === 'dist' })
    .filter((file) => !file.startsWith('examples/'))
    .sort()

test('npm run test:all runs every test file of the repository', () => {
  assert.deepEqual(allFiles(), repositoryFiles('**/*.test.{ts,tsx,js,mjs,cjs}'))
})

test('npm test and the rest are all files, each once', () => {
  assert.deepEqual([...filesOf('main'), ...filesOf('rest')].sort(), filesOf('all'))
})

test('npm test runs every file beside the code', () => {
  const files = new Set(filesOf('main'))
  assert.deepEqual(
    filesOf('beside').filter((file) => !files.has(file)),
    [],
  )
})

test('The files that npm test names exist', () => {
  const { surfaces, clients, ...lists } = inNpmTest
  for (const file of [...Object.values(surfaces), ...Object.values(clients), ...Object.values(lists).flat()]) {
    assert.notDeepEqual(globSync(file), [], file)
  }
})

test('npm test has a file for every surface of the server', () => {
  const folders = globSync('server/src/*/surface.ts').map((file) => basename(dirname(file)))
  assert.deepEqual(Object.keys(inNpmTest.surfaces).sort(), folders.sort())
})

test('npm test has a file for every client that a test requires', () => {
  const required = repositoryFiles('test/**/*.ts').flatMap((file) => {
    const calls = readFileSync(file, 'utf8').matchAll(/\brequire(?:Client|Tool)\(\w+, ((?:'[\w.-]+'(?:, )?)+)\)/g)
    return [...calls].flatMap(([, names = '']) => [...names.matchAll(/'([\w.-]+)'/g)].map(([, name = '']) => name))
  })
  const clients = new Set(required.filter((name) => !noClients.includes(name) && !name.startsWith('no-such-')))
  for (const client of clients)
    assert.ok(client in inNpmTest.clients, `${client} is neither in inNpmTest nor in noClients`)
})
