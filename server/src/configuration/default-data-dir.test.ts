import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DataDirPlace, defaultDataDir, thisPlace } from './default-data-dir.ts'

const packaged: DataDirPlace = { isCheckout: false, isRoot: false, home: '/home/ada', env: {} }

const cases: readonly { why: string; place: DataDirPlace; expected: string }[] = [
  {
    why: 'a checkout keeps its data in the working directory',
    place: { ...packaged, isCheckout: true, isRoot: true, env: { STATE_DIRECTORY: '/var/lib/acrux' } },
    expected: 'acrux-data',
  },
  {
    why: 'systemd names the directory of a service',
    place: { ...packaged, env: { STATE_DIRECTORY: '/var/lib/private/acrux', XDG_DATA_HOME: '/data' } },
    expected: '/var/lib/private/acrux',
  },
  {
    why: 'the first of several directories of a service',
    place: { ...packaged, isRoot: true, env: { STATE_DIRECTORY: '/var/lib/one:/var/lib/two' } },
    expected: '/var/lib/one',
  },
  { why: 'root runs the service of the machine', place: { ...packaged, isRoot: true }, expected: '/var/lib/acrux' },
  { why: 'the home of a user', place: packaged, expected: '/home/ada/.local/share/acrux' },
  { why: 'the data home of a user', place: { ...packaged, env: { XDG_DATA_HOME: '/data' } }, expected: '/data/acrux' },
  {
    why: 'a relative path is ignored, as XDG requires',
    place: { ...packaged, env: { XDG_DATA_HOME: 'data', STATE_DIRECTORY: 'state' } },
    expected: '/home/ada/.local/share/acrux',
  },
]

for (const { why, place, expected } of cases) {
  test(`the default data directory is ${expected}: ${why}`, () => {
    assert.equal(defaultDataDir(place), expected)
  })
}

test('the sources are recognised as a checkout', () => {
  assert.equal(thisPlace({}).isCheckout, true)
})
