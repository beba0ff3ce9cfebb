import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientHome, mustRun } from '../harness/clients.ts'
import { type Option, acruxCommands } from './acrux/command-table.ts'
import { debianAz } from './az/az-forks.ts'
import { step } from './az/az.ts'

type AzTable = Readonly<Record<string, readonly Option[]>>

function isOf(path: string, names: readonly string[]): boolean {
  return names.some((name) => path === name || path.startsWith(`${name} `))
}

/** The commands of az whose first word is one of the words. */
async function azTable(python: string, source: string, words: readonly string[]): Promise<AzTable> {
  using home = clientHome()
  const program = fileURLToPath(new URL('az/az-table.py', import.meta.url))
  const { stdout } = await mustRun(python, [program, ...words], {
    env: { ...home.env, PYTHONPATH: source },
  })
  return JSON.parse(stdout) as AzTable
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

step('acrux has every command and every option of az that its table of commands says it has', ['az'], async (t) => {
  const debian = debianAz()
  if (debian === undefined) {
    t.skip("the az of this machine is not Debian's")
    return
  }
  const { groups, commands } = await acruxCommands()
  const equal = [...groups, ...commands].filter(({ az }) => az !== undefined)
  const words = new Set(equal.map(({ path }) => path.split(' ')[0] ?? ''))
  const az = await azTable(debian.python, join(dirname(debian.az), 'src'), [...words])
  const unknown = commands.filter(({ path, az: same }) => (same !== undefined) !== path in az).map(({ path }) => path)
  assert.deepEqual(unknown, [], 'a row has an equivalent if az has a command with the same words')

  const names = equal.map(({ path }) => path)
  const paths = Object.keys(az).filter((path) => isOf(path, names))
  assert.ok(paths.length > 100, `az has only ${paths.length} commands`)
  const found = paths.flatMap((path) => {
    const options = (az[path] ?? []).filter((option) => !option.names.includes('--help'))
    const own = commands.find((row) => row.path === path)
    return own === undefined ? [path] : differences(path, options, own.options)
  })
  const lacking = equal.flatMap(({ path, az: same }) =>
    same === undefined || same === 'same' ? [] : Object.keys(same.lacks).map((name) => lackOf(path, name)),
  )
  assert.deepEqual(
    found.filter((each) => !isOf(each, lacking)),
    [],
  )
  const unneeded = lacking.filter((name) => !found.some((each) => isOf(each, [name])))
  assert.deepEqual(unneeded, [], 'az has what a row says acrux lacks')
})

/** What a row lacks, as {@link differences} names it: an option of the command, or a command or a group by its words. */
function lackOf(path: string, name: string): string {
  return name.startsWith('-') ? `${path} ${name}` : name
}
