import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { advisories, lockFaults } from '../../scripts/lock-faults.mjs'
import { at } from '../harness/json.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Parameters<typeof lockFaults>[0]

test('every locked package has an integrity hash, no install script, no fixed host and a licence on the list', () => {
  assert.deepEqual(lockFaults(lock), [])
})

const sound = { integrity: `sha512-${'a'.repeat(86)}==`, license: 'MIT' }
const faults: readonly [what: string, entry: object, expected: RegExp][] = [
  ['without integrity', { license: 'MIT' }, /has no SHA-512 integrity/],
  ['with a weak hash', { ...sound, integrity: 'sha1-abcdefghijklmnopqrstuvwxyz1=' }, /has no SHA-512 integrity/],
  ['from a Git repository', { ...sound, resolved: 'git+ssh://git@example.com/x.git#1' }, /names the host/],
  ['with an install script', { ...sound, hasInstallScript: true }, /runs a script/],
  ['under the AGPL', { ...sound, license: 'AGPL-3.0-only' }, /licence AGPL-3.0-only/],
  ['under the licence of a dictionary, at run time', { ...sound, license: 'WTFPL' }, /licence WTFPL/],
  ['without a licence', { integrity: sound.integrity }, /licence none/],
]
for (const [what, entry, expected] of faults) {
  test(`a package ${what} is reported`, () => {
    for (const path of ['node_modules/x', 'server/node_modules/x', 'node_modules/a/node_modules/x']) {
      const found = lockFaults({ packages: { '': {}, [path]: entry } })
      assert.equal(found.length, 1)
      assert.match(found[0] ?? '', expected)
    }
  })
}

test('npm is configured to run no script of a package, in the repository and by the set-up', () => {
  assert.match(readFileSync(join(root, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m)
  assert.match(readFileSync(join(root, 'scripts/set-up.mjs'), 'utf8'), /'--ignore-scripts'/)
})

test('a known vulnerability is a failure, and an audit endpoint that does not answer is reported as not checked', () => {
  const some = { metadata: { vulnerabilities: { total: 1 } }, vulnerabilities: { leftpad: {} } }
  assert.deepEqual(advisories(JSON.stringify(some)), {
    failed: true,
    text: '1 known vulnerabilities (leftpad): run npm audit for details',
  })
  const none = { metadata: { vulnerabilities: { total: 0 } }, vulnerabilities: {} }
  assert.deepEqual(advisories(JSON.stringify(none)), { failed: false, text: 'no known vulnerabilities' })
  assert.match(advisories('{"statusCode":405}').text, /not checked.*status 405/)
  assert.match(advisories('').text, /not checked/)
})

test('the bill of materials lists every runtime dependency with its hash and licence', async () => {
  await run('npm', ['run', '--silent', 'supply-chain'], { cwd: root })
  const bill: unknown = JSON.parse(readFileSync(join(root, 'dist', 'acrux.cdx.json'), 'utf8'))
  assert.equal(at(bill, 'bomFormat'), 'CycloneDX')
  const components = at(bill, 'components') as readonly object[]
  const purls = new Set(components.map((component) => String(at(component, 'purl')).replace(/^pkg:npm\//, '')))
  const packages = at(lock, 'packages') as Record<string, { version: string; dependencies?: object }>
  const direct = [packages['server'], packages['cli']].flatMap((entry) => Object.keys(entry?.dependencies ?? {}))
  const missing = direct
    .filter((name) => !name.startsWith('@acrux/'))
    .filter((name) => !purls.has(`${name.replace('@', '%40')}@${packages[`node_modules/${name}`]?.version}`))
  assert.deepEqual(missing, [])
  assert.ok(![...purls].some((purl) => purl.startsWith('playwright-core@')), 'a package of the tests is listed')
  for (const component of components) {
    if (!String(at(component, 'purl')).startsWith('pkg:npm/')) continue
    if (/^pkg:npm\/(%40|@)acrux\//.test(String(at(component, 'purl')))) continue
    assert.ok(JSON.stringify(component).includes('"alg":"SHA-512"'), String(at(component, 'name')))
    assert.ok(JSON.stringify(component).includes('"licenses"'), String(at(component, 'name')))
  }
})
