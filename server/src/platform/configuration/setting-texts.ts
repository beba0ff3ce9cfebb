import { z } from 'zod'

/** How a setting is written in a flag or a variable. */
export type SettingKind = 'text' | 'number' | 'boolean' | 'list' | 'json'

/** What the reference and the command line say of a setting. */
export type SettingText = {
  readonly kind: SettingKind
  readonly description: string
  /** What stands for the value, such as `host:port`. */
  readonly placeholder: string
  /** A value as it is written in a flag. */
  readonly example: string
  /** The default in words, where it is not a plain value. */
  readonly defaultText?: string
  /** For a list of mappings: what each of their properties is. */
  readonly fields?: Readonly<Record<string, string>>
}

/** The texts of all settings, by their schemas. */
export const settingTexts = z.registry<SettingText>()

/** A setting that is a whole number within bounds. */
export function wholeNumber(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`
  return z.int({ error }).min(least, { error }).max(most, { error })
}
