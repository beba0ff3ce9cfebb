import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import type { ArgumentDescription, FlagDescription } from '../framework/command/command.ts'
import { createContext } from '../framework/command/context.ts'
import type { CommandRow } from '../framework/command/row.ts'
import { groups } from './groups.ts'
import { commands } from './table.ts'

const lastWord = (row: CommandRow): string => row.path.split(' ').at(-1) ?? ''
const pathsOf = (rows: readonly CommandRow[]): string[] => rows.map((row) => row.path)

async function optionsOf(row: CommandRow): Promise<readonly string[]> {
  const { flags = [] } = await row.load()
  return flags.flatMap(({ flags: names, aliases = [] }) => [...names.split(/[ ,]+/), ...aliases])
}

test('the words before the last word of a path name a group, and each path is only once in the table', () => {
  const all = [...groups, ...commands].map((row) => row.path)
  assert.equal(new Set(all).size, all.length)
  const parents = all.map((each) => each.split(' ').slice(0, -1).join(' ')).filter((each) => each !== '')
  const known = new Set(groups.map((group) => group.path))
  assert.deepEqual(
    parents.filter((each) => !known.has(each)),
    [],
  )
})

test('the table loads only the command that is called', () => {
  const files = globSync('*.ts', { cwd: import.meta.dirname }).filter((file) => !file.endsWith('.test.ts'))
  const texts = files.map((file) => readFileSync(path.join(import.meta.dirname, file), 'utf8'))
  assert.deepEqual(
    texts.flatMap((text) => text.match(/^import .*resources\/.*$/gm) ?? []),
    [],
  )
})

test('a command whose name contains "list" prints a list, and a command whose name contains "delete" destroys something', () => {
  const lists = commands.filter((row) => lastWord(row).startsWith('list') && row.prints !== 'itself')
  assert.deepEqual(
    // As for az, the result is a document, of which the list is a member.
    pathsOf(lists.filter((row) => row.prints !== 'list')).filter((each) => each !== 'acr manifest list-referrers'),
    [],
  )
  const destroying =
    /^(?:cancel|clear|delete|detach|forget|logout|purge|remove|renew|reset|revoke|rotate|untag|unregister)/
  const deleting = commands.filter((row) => destroying.test(lastWord(row)))
  assert.deepEqual(
    // The earlier master key stays valid until it is removed.
    pathsOf(deleting.filter((row) => row.destroys === undefined)).filter((each) => each !== 'master-key rotate'),
    [],
  )
})

test('a command that destroys something after a confirmation can be confirmed in advance, and a command with a dry run has the option for the dry run', async () => {
  for (const row of commands) {
    const { destroys = '' } = row
    const options = await optionsOf(row)
    if (destroys.includes('confirmation')) assert.ok(options.includes('--yes'), `${row.path} has no --yes`)
    if (destroys !== '')
      assert.equal(options.includes('--dry-run'), destroys.includes('dry run'), `${row.path}: --dry-run`)
  }
})

test('no example has a secret in its command line, and every option for a secret says that its value is a secret', async () => {
  const named = /^--(?:password|client-secret|federated-token|passphrase)$/
  let secretCount = 0
  // The code of a machine can be used once.
  for (const row of commands.filter((each) => each.path !== 'identity-endpoint enroll')) {
    const { flags = [], examples } = await row.load()
    for (const { flags: text, secret } of flags.filter((flag) => / [<[]/.test(flag.flags))) {
      const names = text.split(/[ ,]+/).filter((word) => word.startsWith('-'))
      assert.equal(names.some((name) => named.test(name)) && secret !== true, false, `${row.path} ${text}`)
      if (secret !== true) continue
      secretCount += 1
      const shown = examples.flatMap((example) =>
        names.flatMap((name) => [...` ${example} `.matchAll(new RegExp(`\\s${name}[ =]+([^-@\\s]\\S*)`, 'g'))]),
      )
      assert.deepEqual(
        shown.map(([found]) => found),
        [],
        row.path,
      )
    }
  }
  assert.ok(secretCount > 5, `${secretCount} options for secrets`)
})

/**
 * The options that select a manifest or a principal, and other options that a command requires before it needs a
 * session.
 */
const needed: Readonly<Record<string, object>> = {
  'acr grant': { action: 'pull', repository: 'app' },
  'acr imports cancel': { all: true },
  'acr pull-secret': { token: 'cluster', password1: true },
  'acr revoke': { action: 'pull', repository: 'app' },
  'acr scope-map update': { description: 'text' },
  'acr token create': { scopeMap: '_repositories_pull' },
  'acr token credential delete': { password1: true },
  'acr uploads cancel': { all: true, idle: 0 },
  'ad app federated-credential create': { parameters: '{}' },
  'ad app federated-credential update': { parameters: '{}' },
  'ad app permission add': { apiPermissions: ['e1fe6dd8-ba31-4d61-89e7-88639da4683d=Scope'] },
  'role assignment create': { assignee: 'ada' },
  'role assignment delete': { assignee: 'ada' },
  'role assignment update': { roleAssignment: '{"scope":"/subscriptions/x","name":"x"}' },
}

/** These commands ask the registry before they ask Azure Resource Manager. */
const askTheRegistryFirst: ReadonlySet<string> = new Set([
  'acr manifest list-deleted',
  'acr manifest list-deleted-tags',
])

const camelCase = (name: string): string => name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** A value for each argument and option that is required or has a default. */
function requiredFlags(positional: readonly ArgumentDescription[], flags: readonly FlagDescription[]): object {
  const named = positional
    .filter(({ name }) => name.startsWith('<'))
    .map(({ name }) => [camelCase(name.replaceAll(/[<>.]/g, '')), name.includes('...') ? ['x'] : 'x'] as const)
  const options = flags
    .filter((flag) => flag.required === true || flag.default !== undefined)
    .map(({ flags: names, choices, repeated, default: usual }) => {
      const [, long = ''] = /--([\w-]+)/.exec(names) ?? []
      const value = choices?.[0] ?? 'x'
      return [camelCase(long), usual ?? (repeated === true ? [value] : value)] as const
    })
  return Object.fromEntries([...named, ...options])
}

const home = mkdtempSync(path.join(tmpdir(), 'acrux-table-'))
after(() => rmSync(home, { recursive: true }))

test('a command that needs a session fails if nobody is signed in, and names the command to sign in with', async () => {
  // The process has no profile, and finds no az.
  process.env['ACRUX_CONFIG_DIR'] = home
  process.env['PATH'] = ''
  const context = { ...createContext({ onlyShowErrors: true }), confirm: async () => undefined }
  const rows = commands.filter(({ signIn }) => signIn.startsWith('acrux'))
  assert.ok(rows.length > 60, `${rows.length} commands need a session`)
  for (const row of rows.filter((each) => !askTheRegistryFirst.has(each.path))) {
    const { run, arguments: positional = [], flags = [] } = await row.load()
    const given = { ...requiredFlags(positional, flags), ...needed[row.path] }
    const expected =
      row.signIn === 'acrux'
        ? { message: "Please run 'acrux login' to setup account." }
        : { message: 'nobody is signed in', nextStep: 'sign in: acrux login --server URL', exitCode: 3 }
    await assert.rejects(async () => run(given as never, context), expected, row.path)
  }
})
