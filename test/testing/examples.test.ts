import assert from 'node:assert/strict'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import { examplesOf, readDocument, root } from '../clients/lib/examples.ts'
import { syntaxErrors } from '../clients/lib/workflow-parser.ts'
import { run } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { startUntilReady } from '../serve/acrux.ts'
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

/** The options of an emulator in a container, for this machine: free ports, and a file with a token. */
function onThisMachine(args: readonly string[], files: Readonly<Record<string, string>>): readonly string[] {
  return args.map((arg) => {
    const [, option = '', value = ''] = /^(--[\w-]+)=(.*)$/.exec(arg) ?? []
    if (/^--(?:listen|control)$/.test(option)) {
      assert.match(value, /^0\.0\.0\.0:\d+$/)
      return `${option}=127.0.0.1:0`
    }
    const [, mark = '', path = ''] = /^(@?)(\/.*)$/.exec(value) ?? []
    return path in files ? `${option}=${mark}${files[path]}` : arg
  })
}

/** Starts an emulator with the options of an example, and stops it. */
async function assertStarts([command, ...args]: readonly string[], files: Readonly<Record<string, string>>) {
  assert.equal(command, 'emulator')
  assert.ok(args.includes('--public-host=from-request') && args.includes('--allow-network'))
  using home = programHome()
  const local = Object.entries(files).map(([path, content], index) => {
    const file = join(home.path, `file-${index}`)
    if (content !== '') writeFileSync(file, content)
    return [path, file] as const
  })
  const options = onThisMachine(args, Object.fromEntries(local))
  await using started = await startUntilReady(['emulator', ...options], /^acrux: ready at https:/m, {
    env: home.env,
    cwd: home.path,
  })
  started.signal('SIGTERM')
  assert.equal((await started.ended).code, 0)
}

const token = 'a-token-of-the-control-api\n'

test('an emulator starts with the options of the Testcontainers example', async () => {
  const text = read('testcontainers-test/registry.test.mjs')
  const [, list = ''] = /\.withCommand\(\[(.*?)\]\)/s.exec(text) ?? []
  const args = [...list.matchAll(/'([^']+)'/g)].map(([, arg = '']) => arg)
  await assertStarts(args, { '/run/control-token': token })
  assert.ok('testcontainers' in (at(JSON.parse(read('testcontainers-test/package.json')), 'devDependencies') as object))
  const checked = await run(process.execPath, ['--check', join(folder, 'testcontainers-test/registry.test.mjs')], {
    env: {},
  })
  assert.equal(checked.code, 0, checked.stderr)
})

test('an emulator starts with the options and the seed of the Compose example', async () => {
  const document: unknown = parse(read('emulator-compose/compose.yaml'))
  const service = at(document, 'services', 'acrux')
  const seed = stringAt(document, 'configs', 'seed', 'content')
  assert.deepEqual(listAt(service, 'secrets'), ['control-token'])
  for (const port of listAt(service, 'ports')) assert.match(String(port), /^127\.0\.0\.1:(\d+):\1$/)
  await assertStarts(listAt(service, 'command').map(String), {
    '/acrux.seed.yaml': seed,
    '/run/secrets/control-token': token,
  })
})

test('the GitHub workflow is valid, and an emulator starts with its options', async () => {
  const text = read('emulator-service/test.yml')
  assert.deepEqual(syntaxErrors('workflow', text), [])
  const service = at(parse(text), 'jobs', 'service', 'services', 'acrux')
  await assertStarts(stringAt(service, 'command').split(' '), { '/data/ready.json': '' })
})

test('the helpers and the examples that use them have the version of the program', () => {
  const version = stringAt(JSON.parse(readDocument('package.json')), 'version')
  const named = [
    [readDocument('testing/python/pyproject.toml'), /^version = "(.*)"$/m],
    [readDocument('testing/java/pom.xml'), /<version>(.*?)</],
    [read('java-test/pom.xml'), /<artifactId>acrux-junit5<\/artifactId>\s*<version>(.*?)</],
    [read('go-test/go.mod'), /acruxtest v(\S+)/],
    [read('node-test/package.json'), /"acrux": "npm:@acrux\/acrux@\^(.*?)"/],
    [read('emulator-devcontainer/.devcontainer/acrux/devcontainer-feature.json'), /"version": "(\d.*?)"/],
  ] as const
  assert.deepEqual(
    named.map(([text, pattern]) => pattern.exec(text)?.[1]),
    named.map(() => version),
  )
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
