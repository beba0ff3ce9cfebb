import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientHome, mustRun } from '../harness/clients.ts'
import { debianAz } from './az/az-forks.ts'
import { step } from './az/az.ts'

/** An option; without names, the positional arguments. */
type Option = {
  readonly names: readonly string[]
  readonly required: boolean
  readonly values: 'none' | 'one' | 'optional' | 'many'
  readonly choices: readonly string[]
}

type CommandTable = Readonly<Record<string, readonly Option[]>>

/** The commands that are the same as those of az: a command, or all commands of a group. */
const families = [
  ...'check-name create delete list login show show-endpoints show-usage update'
    .split(' ')
    .map((name) => `acr ${name}`),
  'acr config authentication-as-arm',
  'acr credential',
  'acr manifest',
  'acr repository',
  'acr scope-map',
  'acr token',
  'account',
  'ad app',
  'ad sp',
  'cloud',
  'group list',
  'group show',
  'identity',
  'login',
  'logout',
  'role assignment',
  'role definition list',
]

/** What az has and acrux does not: a command, a group, or a command with an option. */
const exceptions: Readonly<Record<string, string>> = {
  'account lock': 'a server of Acrux has no locks of resources',
  'account management-group': 'a server of Acrux has no management groups',
  'ad app permission grant --id, --client-id':
    'an error in az, which declares this text as one name; it accepts --id as an abbreviation of it',
  'ad app permission grant --api, --resource-id': 'the same error',
}

function isOf(path: string, names: readonly string[]): boolean {
  return names.some((name) => path === name || path.startsWith(`${name} `))
}

async function azTable(python: string, source: string): Promise<CommandTable> {
  using home = clientHome()
  const program = fileURLToPath(new URL('az/az-table.py', import.meta.url))
  const { stdout } = await mustRun(python, [program, ...new Set(families.map((each) => each.split(' ')[0] ?? ''))], {
    env: { ...home.env, PYTHONPATH: source },
  })
  return JSON.parse(stdout) as CommandTable
}

async function acruxTable(): Promise<CommandTable> {
  using home = clientHome()
  const program = fileURLToPath(new URL('../../scripts/reference/command-table.ts', import.meta.url))
  return JSON.parse((await mustRun(process.execPath, [program], { env: home.env })).stdout) as CommandTable
}

/** What is missing in the options of a command, or is different. */
function differences(path: string, az: readonly Option[], acrux: readonly Option[]): string[] {
  return az.flatMap((option) => {
    const same = acrux.filter(({ names }) =>
      option.names.length === 0 ? names.length === 0 : names.some((name) => option.names.includes(name)),
    )
    const title = [path, option.names[0] ?? 'its argument'].join(' ')
    const present = same.flatMap(({ names }) => names)
    const missing = option.names.filter((name) => !present.includes(name)).map((name) => `${path} ${name}`)
    if (option.names.length === 0) return same.length === 0 ? [title] : []
    if (same.length === 0) return missing
    return [
      ...missing,
      ...(same.some(({ required }) => required) === option.required ? [] : [`${title}: whether it is required`]),
      ...(same.every(({ values }) => values === option.values) ? [] : [`${title}: the number of its values`]),
      ...(same.every(({ choices }) => String(choices) === String(option.choices)) ? [] : [`${title}: its choices`]),
    ]
  })
}

step('acrux has every command and every option of the families that it shares with az', ['az'], async (t) => {
  const debian = debianAz()
  if (debian === undefined) {
    t.skip("the az of this machine is not Debian's")
    return
  }
  const az = await azTable(debian.python, join(dirname(debian.az), 'src'))
  const acrux = await acruxTable()
  const paths = Object.keys(az).filter((path) => isOf(path, families))
  assert.ok(paths.length > 100, `az has only ${paths.length} commands`)
  const found = paths.flatMap((path) => {
    const options = (az[path] ?? []).filter(({ names }) => !names.includes('--help'))
    const own = acrux[path]
    return own === undefined ? [path] : differences(path, options, own)
  })
  assert.deepEqual(
    found.filter((each) => !isOf(each, Object.keys(exceptions))),
    [],
  )
  const unneeded = Object.keys(exceptions).filter((name) => !found.some((each) => isOf(each, [name])))
  assert.deepEqual(unneeded, [], 'every exception is needed')
})
