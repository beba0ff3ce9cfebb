import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { runAcrux } from './acrux.ts'

const product: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))

test('`acrux version` prints the version of the product', async () => {
  const finished = await runAcrux(['version'])
  assert.equal(finished.code, 0, finished.stderr)
  assert.equal(finished.stderr, '')
  assert.ok(finished.stdout.startsWith(`acrux ${stringAt(product, 'version')} `), finished.stdout)
  assert.equal(finished.stdout.trimEnd().split('\n').length, 1)
})

test('`acrux --version` prints the bare version', async () => {
  for (const flag of ['--version', '-v']) {
    const finished = await runAcrux([flag])
    assert.deepEqual([finished.code, finished.stdout], [0, `${stringAt(product, 'version')}\n`])
  }
})

test('`acrux --help` names every command', async () => {
  const finished = await runAcrux(['--help'])
  assert.equal(finished.code, 0, finished.stderr)
  for (const command of ['serve', 'version']) assert.match(finished.stdout, new RegExp(`^ +${command}\\b`, 'm'))
})

test('the help of every command has examples', async () => {
  const groups = ['', 'account', 'acr', 'audit', 'backup', 'cloud', 'identity-endpoint', 'owner']
  const helpOf = async (path: string): Promise<string> => {
    const finished = await runAcrux([...path.split(' ').filter((word) => word !== ''), '--help'])
    assert.equal(finished.code, 0, finished.stderr)
    return finished.stdout
  }
  const commandsIn = (help: string) =>
    [...(help.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}([a-z][a-z-]*)/gm)].flatMap(
      ([, name = '']) => (name === 'help' ? [] : [name]),
    )
  let seen = 0
  for (const group of groups) {
    const help = await helpOf(group)
    assert.match(help, /^Examples:\n {2}acrux /m, group)
    for (const command of commandsIn(help)) {
      assert.match(await helpOf(`${group} ${command}`), /^Examples:\n {2}\S/m, `${group} ${command}`)
      seen += 1
    }
  }
  assert.ok(seen > 18, `only ${seen} commands were seen`)
})

test('`acrux serve --help` names every setting, with its variable', async () => {
  const finished = await runAcrux(['serve', '--help'])
  assert.equal(finished.code, 0, finished.stderr)
  const flags = 'data-dir listen public-host suffix tls-cert tls-key http behind-proxy log-level registry config'
  for (const flag of flags.split(' ')) {
    assert.match(finished.stdout, new RegExp(`^ +--${flag}\\b`, 'm'))
    assert.ok(finished.stdout.includes(`ACRUX_${flag.toUpperCase().replaceAll('-', '_')}`), flag)
  }
})

test('`acrux completion bash` completes subcommands', async () => {
  const { code, stdout, stderr } = await runAcrux(['completion', 'bash'])
  assert.equal(code, 0, stderr)
  const words = 'COMP_WORDS=(acrux account sh); COMP_CWORD=2; _acrux; echo "${COMPREPLY[@]}"'
  const completed = spawnSync('bash', ['-c', `eval "$(cat)"; ${words}`], { input: stdout, encoding: 'utf8' })
  assert.equal(completed.stdout, 'show\n', completed.stderr)
})

test('A command that does not exist, and a flag that does not, end with an error that says so', async () => {
  const command = await runAcrux(['sreve'])
  assert.notEqual(command.code, 0)
  assert.equal(
    command.stderr,
    "acrux: unknown command 'sreve'\n(Did you mean serve?)\n       the commands: acrux --help\n",
  )
  const flag = await runAcrux(['serve', '--data-dirs', 'x'])
  assert.notEqual(flag.code, 0)
  assert.match(flag.stderr, /unknown option '--data-dirs'/)
})

test('Help whose reader ends early is cut off without an error', () => {
  for (const command of ['login --help', 'serve --help', '--help']) {
    const pipeline = `{ "$0" "$1" ${command}; echo "code $?" >&2; } | true`
    const { stderr } = spawnSync('sh', ['-c', pipeline, process.execPath, mainFile], { encoding: 'utf8' })
    assert.equal(stderr, 'code 0\n', command)
  }
})
