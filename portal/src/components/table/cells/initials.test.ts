import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hueOf, initialsOf } from './initials.ts'

test('a name has two initials', () => {
  const names = [
    ['Ada Brandt', 'AB'],
    ['ci-mobile', 'CM'],
    ['k8s', 'K8'],
    ['ada@example.com', 'AD'],
    ['jonas.weber@example.com', 'JW'],
    ['Øystein', 'ØY'],
    ['–', ''],
  ] as const
  for (const [name, initials] of names) assert.equal(initialsOf(name), initials, name)
})

test('a name always has the same color', () => {
  for (const name of ['Ada Brandt', 'ci-mobile', '']) {
    assert.equal(hueOf(name, 3), hueOf(name, 3))
    assert.ok([0, 1, 2].includes(hueOf(name, 3)))
  }
})
