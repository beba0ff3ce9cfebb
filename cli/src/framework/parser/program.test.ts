import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineCommand } from '../command/command.ts'
import { WrongUsageError } from '../command/failure.ts'
import type { CommandTable } from '../command/row.ts'
import { createProgram } from './program.ts'

const ran: unknown[] = []
const loaded: string[] = []

const show = defineCommand({
  about: 'What a user must know.',
  arguments: [
    { name: '<image-name>', description: 'an image' },
    { name: '[others...]', description: 'more images' },
  ],
  flags: [
    { flags: '-n, --name <name>', aliases: ['--registry'], description: 'a name', required: true },
    { flags: '--tag <tag>', description: 'a tag', repeated: true },
    { flags: '--order <order>', description: 'an order', choices: ['up', 'down'], default: 'up' },
    { flags: '--top <number>', description: 'a number', parse: numberOf },
    { flags: '--dry-run', description: 'a switch, see [the runs](../how-to/runs.md)' },
  ],
  examples: ['acrux image show a -n contoso'],
  run: async (flags) => void ran.push(flags),
})

function numberOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new WrongUsageError('It must be a number.')
}

const table: CommandTable = {
  groups: [{ path: 'image', summary: 'manage images', examples: ['acrux image show a -n contoso'] }],
  commands: [
    { path: 'image show', summary: 'show an image', signIn: 'none', prints: 'document', load: loads('image show') },
    { path: 'serve', summary: 'start the server', signIn: 'none', prints: 'itself', load: loads('serve') },
  ],
}

function loads(path: string) {
  return async () => {
    loaded.push(path)
    return path === 'serve' ? defineCommand({ examples: [], run: async () => undefined }) : show
  }
}

async function parse(...args: readonly string[]): Promise<unknown> {
  const program = await createProgram(table, (path) => path === 'image show')
  // Errors and the help of a command must not appear in the output of the test.
  for (const parser of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    parser.configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
  await program.parseAsync(['image', 'show', ...args], { from: 'user' })
  return ran.pop()
}

test('only the command that is needed is loaded', async () => {
  loaded.length = 0
  await createProgram(table, (path) => path === 'serve')
  assert.deepEqual(loaded, ['serve'])
})

test('arguments and options become flags, by their names in camel case', async () => {
  const flags = await parse(
    'team/app',
    'b',
    'c',
    '-n',
    'contoso',
    '--tag',
    '1',
    '--tag',
    '2',
    '--top',
    '3',
    '--dry-run',
  )
  assert.deepEqual(flags, {
    imageName: 'team/app',
    others: ['b', 'c'],
    name: 'contoso',
    tag: ['1', '2'],
    order: 'up',
    top: 3,
    dryRun: true,
    output: 'json',
  })
})

test('the help shows a link in a description as text', async () => {
  const program = await createProgram(table, (path) => path === 'image show')
  const help = program.commands[0]?.commands[0]?.helpInformation() ?? ''
  assert.match(help, /a switch, see the runs\s+\(docs\/how-to\/runs\.md\)/)
})

test('an option has further names, which the help does not show', async () => {
  const flags = await parse('a', '--registry', 'contoso')
  assert.equal((flags as { readonly name: string }).name, 'contoso')
  const program = await createProgram(table, () => true)
  const help = program.commands[0]?.commands[0]?.helpInformation() ?? ''
  assert.match(help, /-n, --name <name>/)
  assert.doesNotMatch(help, /--registry/)
})

test('wrong options are rejected', async () => {
  // prettier-ignore
  const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['a'],                                    /required option '-n, --name <name>' not specified/],
    [['-n', 'contoso'],                        /missing required argument 'image-name'/],
    [['a', '-n', 'contoso', '--order', 'x'],   /Allowed choices are up, down/],
    [['a', '-n', 'contoso', '--top', 'x'],     /It must be a number/],
    [['a', '-n', 'contoso', '--output', 'xml'], /Allowed choices are json/],
    [['a', '-n', 'contoso', '--nothing'],      /unknown option '--nothing'/],
  ]
  for (const [args, says] of cases) await assert.rejects(parse(...args), says)
})

test('a command that prints a document has the common options, and a command that prints its own output has none', async () => {
  const program = await createProgram(table, () => true)
  const optionsOf = (parser: (typeof program.commands)[number] | undefined) => parser?.options.map(({ long }) => long)
  assert.ok(optionsOf(program.commands[0]?.commands[0])?.includes('--query'))
  assert.deepEqual(optionsOf(program.commands[1]), [])
})
