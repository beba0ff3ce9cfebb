import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FirstRun } from '@acrux/server'
import { firstRunText, valueAt, valueNames } from './first-run.ts'

const firstRun: FirstRun = {
  tenantId: 't',
  subscriptionId: 's',
  resourceGroup: 'default',
  registry: 'contoso',
  loginServer: 'localhost:5443',
  resourceManager: 'https://localhost:5443',
  caFile: null,
  owner: { userPrincipalName: 'owner@acrux.localhost', password: 'p' },
  servicePrincipal: { appId: 'a', password: 'q' },
}

test('a value is named by its path, and any other text names no value', () => {
  // prettier-ignore
  const cases: readonly (readonly [name: string, value: string | undefined, why: string])[] = [
    ['registry',                'contoso', 'a value at the top'],
    ['owner.password',          'p',       'a value of an owner'],
    ['owner',                   undefined, 'several values'],
    ['caFile',                  undefined, 'null'],
    ['owner.missing',           undefined, 'an unknown name'],
    ['registry.length',         undefined, 'a property of a text'],
    ['constructor.name',        undefined, 'an inherited property'],
    ['',                        undefined, 'an empty name'],
  ]
  for (const [name, value, why] of cases) assert.equal(valueAt(firstRun, name), value, why)
})

test('the text shows every value under the name that selects it', () => {
  const shown = firstRunText(firstRun)
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/))
  assert.deepEqual(
    shown.map(([name]) => name),
    valueNames(firstRun).filter((name) => name !== 'caFile'),
  )
  for (const [name = '', value] of shown) assert.equal(value, valueAt(firstRun, name))
})
