import { z } from 'zod'

/** The type of a setting's value in a flag or a variable. */
export type SettingKind = 'text' | 'number' | 'boolean' | 'list' | 'json'

/** The description of a setting in the reference and the command-line help. */
export type SettingText = {
  readonly kind: SettingKind
  readonly description: string
  /** The placeholder for the value, such as `host:port`. */
  readonly placeholder: string
  /** An example value, in the syntax of a flag. */
  readonly example: string
  /** The default in words, if it is not a plain value. */
  readonly defaultText?: string
  /** The setting is also the value of its parent mapping: `database: URL`, `--database URL`. */
  readonly isGroupValue?: true
  /** For a list of mappings: the description of each property. */
  readonly fields?: Readonly<Record<string, string>>
}

/** The texts of all settings, by schema. */
export const settingTexts = z.registry<SettingText>()

/** The schema of a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}
