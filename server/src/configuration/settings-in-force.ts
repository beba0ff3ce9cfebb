import { type Configuration, sourceOfSetting } from './configuration.ts'
import { settingDefinitions } from './settings.ts'

/** A setting of a running server. */
export type SettingInForce = {
  /** The path of the setting in the configuration file. */
  readonly key: string
  /** The value as JSON; undefined without a value. */
  readonly value: string | undefined
  /** The flag, the variable, or the file and line that set the value; undefined for a default. */
  readonly source: string | undefined
  readonly description: string
}

/** The settings of a configuration, and where each comes from. No setting is a secret; a user name and password in a URL are hidden. */
export function settingsInForce(configuration: Configuration): readonly SettingInForce[] {
  return settingDefinitions.flatMap(({ key, description }) => {
    if (key === undefined) return []
    const value = JSON.stringify(memberAt(configuration, key))
    return [{ key, value: value && withoutUserInfo(value), source: sourceOfSetting(configuration, key), description }]
  })
}

function memberAt(value: unknown, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>(
      (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
      value,
    )
}

/** [RFC 3986 §3.2.1] */
function withoutUserInfo(json: string): string {
  return json.replaceAll(/(?<=[a-z][a-z0-9+.-]*:\/\/)[^/@"\s]+@/gi, '…@')
}
