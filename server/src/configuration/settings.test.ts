import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadConfiguration } from './configuration.ts'
import { configurationReference } from './reference.ts'
import { settingDefinitions } from './settings.ts'

/** The variables of the settings without which a setting is invalid. */
const companions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'storage.kind': { ACRUX_STORAGE_S3_BUCKET: 'blobs' },
  'storage.redirect': { ACRUX_STORAGE_KIND: 's3', ACRUX_STORAGE_S3_BUCKET: 'blobs' },
  tlsCert: { ACRUX_TLS_KEY: 'k' },
  tlsKey: { ACRUX_TLS_CERT: 'c' },
  'database.directUrl': { ACRUX_DATABASE: 'postgres://acrux@pooler.example.com/acrux' },
  'tls.acme.directory': { ACRUX_TLS_ACME_ACCEPT_TERMS: 'true' },
  'tls.acme.eabKeyId': { ACRUX_TLS_ACME_EAB_KEY_FILE: 'k' },
  'tls.acme.eabKeyFile': { ACRUX_TLS_ACME_EAB_KEY_ID: 'kid-1' },
}

describe('each setting', () => {
  test('has unique names', () => {
    for (const name of ['flag', 'flagKey', 'variable'] as const) {
      assert.equal(new Set(settingDefinitions.map((definition) => definition[name])).size, settingDefinitions.length)
    }
    const gc = settingDefinitions.find(({ key }) => key === 'gc.intervalSeconds')
    assert.deepEqual(
      [gc?.flag, gc?.option, gc?.flagKey, gc?.variable, gc?.defaultText],
      [
        '--gc-interval-seconds',
        '--gc-interval-seconds <seconds>',
        'gcIntervalSeconds',
        'ACRUX_GC_INTERVAL_SECONDS',
        '`3600`',
      ],
    )
    assert.equal(settingDefinitions.find(({ key }) => key === 'http')?.option, '--http [boolean]')
  })

  test('has an option in the format of commander: one placeholder without special characters', () => {
    for (const { option } of settingDefinitions) assert.match(option, /^--[a-z0-9-]+ (?:<[.:a-z]+>|\[[a-z]+\])$/)
  })

  test('has a valid example, as a flag and as a variable', async () => {
    for (const { key, flagKey, variable, example } of settingDefinitions) {
      if (key === undefined) continue
      const env = companions[key] ?? {}
      const flags = { [flagKey]: example }
      const byFlag = await loadConfiguration({ flags, env })
      const byVariable = await loadConfiguration({ env: { ...env, [variable]: example } })
      assert.deepEqual(byFlag, byVariable, key)
      assert.notDeepEqual(byFlag, await loadConfiguration(), `the example of ${key} is its default`)
    }
  })
})

describe('the reference', () => {
  test('names each setting in its three sources', () => {
    const reference = configurationReference()
    for (const { key, option, variable } of settingDefinitions) {
      assert.ok(reference.includes(`\`${option}\``), option)
      assert.ok(reference.includes(`\`${variable}=`), variable)
      if (key !== undefined) assert.ok(reference.includes(`### ${key}\n`), key)
    }
  })

  test('shows valid files', async () => {
    const reference = configurationReference()
    const whole = /```yaml\n([\s\S]*?)```/.exec(reference)?.[1] ?? ''
    const read = (text: string, env = {}) => loadConfiguration({ flags: { config: 'x' }, readFile: () => text, env })
    assert.equal((await read(whole)).gc.intervalSeconds, 600)
    const lines = [...reference.matchAll(/^- In the configuration file: `(.+)`$/gm)].map(([, line]) => line ?? '')
    assert.equal(lines.length, settingDefinitions.length - 1)
    const keys = settingDefinitions.flatMap(({ key }) => key ?? [])
    for (const [index, line] of lines.entries()) {
      await read(line, companions[keys[index] ?? ''])
    }
  })
})
