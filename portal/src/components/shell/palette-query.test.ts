import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bestMatches, matchParts, movedTo, parsePaletteText } from './palette-query.ts'

test('the first character limits the palette to actions, people or tags', () => {
  assert.deepEqual(parsePaletteText('>lock '), { kind: 'actions', text: 'lock' })
  assert.deepEqual(parsePaletteText('@ada'), { kind: 'people', text: 'ada' })
  assert.deepEqual(parsePaletteText(':1.2'), { kind: 'tags', text: '1.2' })
  assert.deepEqual(parsePaletteText(' team/app:1 '), { kind: 'all', text: 'team/app:1' })
  assert.deepEqual(parsePaletteText(''), { kind: 'all', text: '' })
})

test('the match in a name is found without regard to case', () => {
  assert.deepEqual(matchParts('mobile/Pay-sdk', 'pay'), ['mobile/', 'Pay', '-sdk'])
  assert.equal(matchParts('team/app', 'pay'), undefined)
})

test('names that begin with the text are first, then names in which a part begins with it', () => {
  const names = ['team/repay', 'mobile/pay-sdk', 'payments/core', 'other', 'payments/core']
  assert.deepEqual(bestMatches(names, 'pay', 3), ['payments/core', 'mobile/pay-sdk', 'team/repay'])
  assert.deepEqual(bestMatches(names, 'pay', 1), ['payments/core'])
})

test('the arrow keys go around', () => {
  assert.equal(movedTo(0, 1, 3), 1)
  assert.equal(movedTo(2, 1, 3), 0)
  assert.equal(movedTo(0, -1, 3), 2)
  assert.equal(movedTo(0, 1, 0), 0)
})
