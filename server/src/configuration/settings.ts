import { z } from 'zod'
import { settingsSchema } from './schema.ts'
import { type SettingText, settingTexts } from './setting-texts.ts'

/** One setting, with its names in each source. */
export type SettingDefinition = Omit<SettingText, 'defaultText'> & {
  /** The path in the configuration file, such as `gc.intervalSeconds`; absent for the name of the file. */
  readonly key?: string
  /** The flag, such as `--gc-interval-seconds`. */
  readonly flag: string
  /** The flag with its placeholder, as commander takes it. The flag of a list may be repeated. */
  readonly option: string
  /** The property that contains the value in commander and `loadConfiguration`: `gcIntervalSeconds`. */
  readonly flagKey: string
  /** The variable, such as `ACRUX_GC_INTERVAL_SECONDS`. */
  readonly variable: string
  /** The default, as Markdown. */
  readonly defaultText: string
}

/** The prefix of all variables. */
export const variablePrefix = 'ACRUX_'

/** The configuration file. This is the only setting that the configuration file cannot contain. */
export const configFileSetting: SettingDefinition = {
  ...namesOf(['config'], 'text', 'file'),
  kind: 'text',
  description: 'A YAML file of settings.',
  placeholder: 'file',
  example: '/etc/acrux/acrux.yaml',
  defaultText: 'none',
}

/** All settings of the server, in the order of the reference. */
export const settingDefinitions: readonly SettingDefinition[] = [
  configFileSetting,
  ...definitionsIn(settingsSchema, []),
]

function definitionsIn(schema: z.ZodObject, parents: readonly string[]): SettingDefinition[] {
  return Object.entries(schema.shape).flatMap(([name, value]) => {
    const path = [...parents, name]
    const inner = value instanceof z.ZodPrefault ? value.unwrap() : value
    if (inner instanceof z.ZodObject) return definitionsIn(inner, path)
    const texts = settingTexts.get(value)
    if (texts === undefined) throw new Error(`the setting ${path.join('.')} has no description`)
    const key = path.join('.')
    const names = namesOf(texts.isGroupValue === true ? parents : path, texts.kind, texts.placeholder)
    return [{ key, ...names, ...texts, defaultText: defaultOf(value, texts) }]
  })
}

function namesOf(path: readonly string[], kind: SettingText['kind'], placeholder: string) {
  const words = path.flatMap((part) => part.split(/(?=[A-Z])/)).map((word) => word.toLowerCase())
  const flag = `--${words.join('-')}`
  return {
    flag,
    // The value of a boolean flag is optional.
    option: kind === 'boolean' ? `${flag} [${placeholder}]` : `${flag} <${placeholder}>`,
    flagKey: words.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join(''),
    variable: `${variablePrefix}${words.join('_').toUpperCase()}`,
  }
}

function defaultOf(schema: z.core.$ZodType, { defaultText }: SettingText): string {
  if (defaultText !== undefined) return defaultText
  if (schema instanceof z.ZodDefault) return `\`${String(schema.def.defaultValue)}\``
  throw new Error('a setting without a plain default needs a defaultText')
}
