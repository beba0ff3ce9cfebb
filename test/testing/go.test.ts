import assert from 'node:assert/strict'
import { join } from 'node:path'
import { step } from '../clients/az/az.ts'
import { root } from '../clients/lib/examples.ts'
import { run } from '../harness/clients.ts'
import { expectSuccess, goEnvironment, testingFolder } from './languages.ts'
import { filesLeftIn, programHome } from './program-home.ts'

step('the Go package starts an emulator for a test, and leaves no files', ['go'], async () => {
  using home = programHome()
  const options = { env: goEnvironment(home), cwd: testingFolder('go'), timeoutMs: 600_000 }
  const { stdout } = await expectSuccess(run('go', ['test', '-count=1', '-v', './...'], options))
  assert.match(stdout, /^--- PASS: TestEmulator/m)
  assert.match(stdout, /^--- PASS: TestWrongOption/m)
  assert.deepEqual(filesLeftIn(home), [])
  const { stdout: listed } = await expectSuccess(run('go', ['list', '-deps', './...'], options))
  const others = listed.split('\n').filter((name) => /^[^/]+\..*\//.test(name) && !name.startsWith('acrux.'))
  assert.deepEqual(others, [], 'the package must import the standard library only')
})

step('the Go example passes', ['go'], async () => {
  using home = programHome()
  const options = { env: goEnvironment(home), cwd: join(root, 'examples/go-test'), timeoutMs: 600_000 }
  const { stdout } = await expectSuccess(run('go', ['test', '-count=1', '-v', './...'], options))
  assert.equal(stdout.match(/^ {4}--- PASS: TestRegistry\//gm)?.length, 5, stdout)
  assert.deepEqual(filesLeftIn(home), [])
})
