import assert from 'node:assert/strict'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { examplesOf, readDocument, root } from '../clients/lib/examples.ts'
import { run } from '../harness/clients.ts'
import { at, stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { expectSuccess } from './languages.ts'
import { filesLeftIn, programHome } from './program-home.ts'

const folder = join(root, 'examples')
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
const page = readDocument('docs/how-to/tests-in-other-languages.md')

test('the Node example passes', async () => {
  using home = programHome()
  const project = join(home.path, 'project')
  cpSync(join(folder, 'node-test'), project, { recursive: true })
  // Where npm would install the package under test.
  const installed = join(project, 'node_modules/acrux')
  mkdirSync(installed, { recursive: true })
  writeFileSync(join(installed, 'package.json'), '{"exports":{"./testing":"./testing.mjs"}}')
  const bundled = join(dirname(mainFile), 'lib/testing.mjs')
  const entry = existsSync(bundled) ? bundled : join(root, 'testing/src/testing.ts')
  writeFileSync(join(installed, 'testing.mjs'), `export * from '${pathToFileURL(entry).href}'\n`)
  const args = ['--test', '--test-reporter=tap']
  const { stdout } = await expectSuccess(
    run(process.execPath, args, { env: home.env, cwd: project, timeoutMs: 300_000 }),
  )
  assert.match(stdout, /^# pass 5$/m)
  assert.deepEqual(filesLeftIn(home), [])
})

test('the code on the page about other languages is that of the examples', () => {
  const sources = globSync(['*-test/**/*.{py,go,java,cs}'], { cwd: folder }).map(read).join('\n')
  const blocks = [...page.matchAll(/^```(?:python|go|java|csharp)\n(.*?)^```/gms)].map(([, block = '']) => block)
  assert.equal(blocks.length, 5)
  for (const block of blocks) assert.ok(sources.includes(block), block)
})

test('the command on the page about other languages prints the login server', async () => {
  using home = programHome()
  const { stdout } = await expectSuccess(run('sh', ['-c', examplesOf(page, 'acrux-run')], { env: home.env }))
  assert.match(stdout, /^localhost:\d+\n$/)
})

test('the Dev Container feature installs the package by a script without errors', async () => {
  const config: unknown = JSON.parse(read('emulator-devcontainer/.devcontainer/devcontainer.json'))
  const features = at(config, 'features') as Readonly<Record<string, unknown>>
  assert.deepEqual(Object.keys(features), ['./acrux'])
  const feature: unknown = JSON.parse(read('emulator-devcontainer/.devcontainer/acrux/devcontainer-feature.json'))
  assert.equal(stringAt(feature, 'id'), 'acrux')
  assert.match(stringAt(feature, 'version'), /^\d+\.\d+\.\d+$/)
  assert.deepEqual(Object.keys(at(feature, 'options') as object), Object.keys(features['./acrux'] as object))

  using home = programHome()
  const log = join(home.path, 'npm.log')
  writeFileSync(join(home.path, 'bin/npm'), `#!/bin/sh\necho "$*" > ${log}\n`, { mode: 0o755 })
  const script = join(folder, 'emulator-devcontainer/.devcontainer/acrux/install.sh')
  await expectSuccess(run(script, [], { env: { ...home.env, VERSION: '1.2.3' } }))
  assert.equal(readFileSync(log, 'utf8'), 'install --global acrux@1.2.3\n')
})

test('the .NET example reads only variables of acrux run, and names the packages that it uses', () => {
  const source = read('dotnet-test/RegistryTests.cs')
  const documented = new Set([...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, name]) => name))
  const named = [...source.matchAll(/\b(?:ACRUX|AZURE)_[A-Z_]+\b/g)].map(([name]) => name)
  assert.ok(named.length > 3)
  for (const name of named) assert.ok(documented.has(name), name)
  const project = read('dotnet-test/RegistryTests.csproj')
  for (const [, used = ''] of source.matchAll(/^using (Azure[\w.]+);/gm))
    assert.ok(project.includes(`Include="${used}"`), used)
})
