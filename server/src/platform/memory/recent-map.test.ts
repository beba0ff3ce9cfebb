import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentMap } from './recent-map.ts'

const kept = (map: Pick<RecentMap<unknown>, 'get'>, count: number) =>
  Array.from({ length: count }, (_, at) => map.get(`key ${at}`)).filter((value) => value !== undefined).length

test('a recent map keeps at least as many entries as it was told to, and at most twice as many', () => {
  const map = new RecentMap<number>(10)
  for (let at = 0; at < 1000; at += 1) {
    map.set(`key ${at}`, at)
    assert.ok(kept(map, at + 1) >= Math.min(10, at + 1))
    assert.ok(kept(map, at + 1) <= 20)
    assert.equal(map.get(`key ${at}`), at)
  }
})

test('an entry that is set or made again is among the last used', () => {
  const map = new RecentMap<object>(10)
  const [one, two] = [{}, {}]
  map.set('one', one)
  assert.equal(
    map.getOrMake('two', () => two),
    two,
  )
  for (let at = 0; at < 1000; at += 1) {
    map.set(`key ${at}`, {})
    if (at % 9 === 0) {
      map.set('one', one)
      map.getOrMake('two', () => assert.fail('it was dropped'))
    }
  }
  assert.equal(map.get('one'), one)
  assert.equal(map.get('two'), two)
})

test('an entry in use is never dropped, and takes no place of others', () => {
  const map = new RecentMap<{ busy: boolean }>(10, ({ busy }) => busy)
  const busy = Array.from({ length: 30 }, () => ({ busy: true }))
  for (const [at, value] of busy.entries()) map.set(`busy ${at}`, value)
  for (let at = 0; at < 1000; at += 1) map.set(`key ${at}`, { busy: false })
  for (const [at, value] of busy.entries()) assert.equal(map.get(`busy ${at}`), value)
  assert.ok(kept(map, 1000) >= 10)
  for (const value of busy) value.busy = false
  for (let at = 0; at < 1000; at += 1) map.set(`key ${at}`, { busy: false })
  assert.equal(map.get('busy 0'), undefined)
})
