import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { step } from '../clients/az/az.ts'
import { root } from '../clients/lib/examples.ts'
import { run } from '../harness/clients.ts'
import { expectSuccess, installPythonPackage, testingFolder } from './languages.ts'
import { filesLeftIn, programHome, python } from './program-home.ts'

const pytest = ['-W', 'error', '-m', 'pytest', '-p', 'no:cacheprovider', '--color=no']

step('the installed Python package gives pytest the fixture acrux, and leaves no files', ['python3'], async () => {
  using home = programHome()
  const site = await installPythonPackage(home)
  const env = { ...home.env, PYTHONPATH: site }
  const cwd = join(testingFolder('python'), 'tests')
  const { stdout } = await expectSuccess(run(python, pytest, { env, cwd, timeoutMs: 300_000 }))
  assert.match(stdout, /\b9 passed\b/)
  assert.deepEqual(filesLeftIn(home), [])

  writeFileSync(join(home.path, 'test_failing.py'), failingTest)
  const failed = await run(python, [...pytest, 'test_failing.py'], { env, cwd: home.path, timeoutMs: 300_000 })
  assert.equal(failed.code, 1)
  assert.match(failed.stdout, /acrux: denied requests.*\n.*team\/app/)
})

step('the Python example passes, also with the emulator of acrux run', ['python3'], async () => {
  using home = programHome()
  const env = { ...home.env, PYTHONPATH: await installPythonPackage(home) }
  const options = { env, cwd: join(root, 'examples/python-test'), timeoutMs: 300_000 }
  const { stdout } = await expectSuccess(run(python, pytest, options))
  assert.match(stdout, /\b5 passed\b/)

  writeFileSync(join(home.path, 'test_given.py'), givenTest)
  const given = ['run', '--clock', '2031-01-01T00:00:00Z', '--', python, ...pytest, 'test_given.py']
  await expectSuccess(run('acrux', given, { ...options, cwd: home.path }))
  assert.deepEqual(filesLeftIn(home), [])
})

const givenTest = `
def test_the_emulator_of_acrux_run_is_used(acrux):
    assert acrux.clock.now().year == 2031
`

const failingTest = `
import urllib.error
import urllib.request


def test_a_pull_without_permission(acrux):
    request = urllib.request.Request(f"{acrux.url}/v2/team/app/manifests/1", headers={"Authorization": "Basic bm86bm8="})
    urllib.request.urlopen(request, context=acrux.ssl_context())
`
