import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfiguration } from './configuration.ts'
import { settingsInForce } from './settings-in-force.ts'

test('each setting in force has its value and the flag, variable or line that set the value', async () => {
  const configuration = await loadConfiguration({
    flags: { config: '/etc/acrux.yaml', dataDir: '/var/lib/acrux' },
    env: { ACRUX_WORKERS: '2' },
    readFile: () => 'registry: contoso\ngc:\n  intervalSeconds: 600\n',
  })
  const settings = settingsInForce(configuration)
  const found = (key: string) => {
    const { value, source } = settings.find((setting) => setting.key === key) ?? {}
    return { value, source }
  }
  assert.deepEqual(found('dataDir'), { value: '"/var/lib/acrux"', source: '--data-dir' })
  assert.deepEqual(found('workers'), { value: '2', source: 'ACRUX_WORKERS' })
  assert.deepEqual(found('registry'), { value: '"contoso"', source: '/etc/acrux.yaml:1' })
  assert.deepEqual(found('gc.intervalSeconds'), { value: '600', source: '/etc/acrux.yaml:3' })
  assert.equal(found('http').source, undefined, 'a default')
})

test('a user name and password in a URL of a setting are hidden', async () => {
  const database = { url: 'postgres://ada:secret@database.example.com/acrux' }
  const found = settingsInForce({ database } as unknown as Awaited<ReturnType<typeof loadConfiguration>>)
  assert.equal(found.find(({ key }) => key === 'database.url')?.value, '"postgres://…@database.example.com/acrux"')
})
