import { resolve } from 'node:path'
import type { Configuration, RelocationTarget } from '@acrux/server'
import { type SettingDefinition, loadConfiguration, settingDefinitions } from '@acrux/server/configuration'
import type { FlagDescription } from '../../framework/command/command.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'

/** A setting of the target of a move, and its option. */
type TargetSetting = SettingDefinition & { readonly key: string; readonly option: string; readonly optionKey: string }

/** The value of `--to-database` for the database in the data directory. */
const sqlite = 'sqlite'

const settings: readonly TargetSetting[] = settingDefinitions.flatMap((definition) => {
  const { key, option, flagKey } = definition
  if (key === undefined || !/^(?:database|storage)\./.test(key)) return []
  const isKind = key === 'storage.kind'
  const optionKey = isKind ? 'toStorage' : `to${flagKey.charAt(0).toUpperCase()}${flagKey.slice(1)}`
  const toOption = option.replace(isKind ? '--storage-kind' : '--', isKind ? '--to-storage' : '--to-')
  return [{ ...definition, key, option: toOption, optionKey }]
})

/** The options of the place to which data is moved: the settings of `database` and `storage`. */
export const targetFlags: readonly FlagDescription[] = settings.map(({ key, option }) => {
  switch (key) {
    case 'database.url':
      return {
        flags: option,
        description: `move the rows to this database: a value of the setting database, or ${sqlite}`,
      }
    case 'storage.kind':
      return {
        flags: option,
        description: 'move the blobs to this kind of storage: a value of the setting storage.kind',
      }
    default:
      return { flags: option, description: `the value of the setting ${key} for the target` }
  }
})

/** Reads where data is to be moved. @throws ConfigurationError */
export async function targetOf(
  source: Configuration,
  flags: Readonly<Record<string, unknown>>,
): Promise<RelocationTarget> {
  const given = settings.filter(({ optionKey }) => flags[optionKey] !== undefined)
  const values = given.filter(({ optionKey }) => flags[optionKey] !== sqlite)
  const asServer = Object.fromEntries(values.map(({ flagKey, optionKey }) => [flagKey, flags[optionKey]]))
  const { database, storage } = await loadConfiguration({ flags: { dataDir: source.dataDir, ...asServer }, env: {} })
  const movesRows = flags['toDatabase'] !== undefined
  const movesBlobs = flags['toStorage'] !== undefined
  for (const [group, isGiven] of [['database', movesRows] as const, ['storage', movesBlobs] as const]) {
    const [useless] = given.filter(({ key }) => key.startsWith(`${group}.`))
    if (!isGiven && useless !== undefined) {
      throw new WrongUsageError(`${useless.option} needs --to-${group}`, `set --to-${group}, or omit the option`)
    }
  }
  const target = {
    ...source,
    ...(movesRows && { database }),
    ...(movesBlobs && { storage }),
  }
  return { target, movesRows, movesBlobs }
}

/** The settings to change, as YAML. No setting contains a secret. */
export function settingsText(flags: Readonly<Record<string, unknown>>): string {
  const lines: string[] = []
  const parents: string[] = []
  for (const { key, optionKey } of settings) {
    const value = flags[optionKey]
    if (value === undefined || value === sqlite) continue
    const path = key.split('.')
    const groups = path.slice(0, -1)
    for (const [depth, group] of groups.entries()) {
      if (parents[depth] === group) continue
      parents.splice(depth, Infinity, group)
      lines.push(`${'  '.repeat(depth)}${group}:`)
    }
    const name = path.at(-1) ?? ''
    // The paths are absolute because the server may run in another directory.
    const setting = typeof value === 'string' && name.endsWith('File') ? resolve(value) : value
    lines.push(`${'  '.repeat(groups.length)}${name}: ${scalar(setting)}`)
  }
  if (flags['toDatabase'] === sqlite) lines.push('# remove the setting database')
  return lines.join('\n')
}

/** JSON texts are YAML. */
function scalar(value: unknown): string {
  const text = String(value)
  return typeof value !== 'string' || /^[A-Za-z/][\w./:@?=-]*$/.test(text) || /^\d+$/.test(text)
    ? text
    : JSON.stringify(text)
}
