import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSenderBudget } from './sender-budget.ts'

function open() {
  const time = { nowMs: 0 }
  const { spend } = createSenderBudget({ now: () => time.nowMs }, { burst: 5, perSecond: 1 })
  const spendMany = (addresses: readonly string[]) => addresses.filter((address) => spend(address)).length
  return { time, spend, spendMany }
}

const times = (count: number, address: string) => Array<string>(count).fill(address)

test('a sender spends its burst, then so many a second, and never saves more than the burst', () => {
  const { time, spendMany } = open()
  assert.equal(spendMany(times(8, '192.0.2.1')), 5)
  time.nowMs = 2000
  assert.equal(spendMany(times(8, '192.0.2.1')), 2)
  time.nowMs = 1_000_000
  assert.equal(spendMany(times(8, '192.0.2.1')), 5)
  time.nowMs = 0
  assert.equal(spendMany(times(8, '192.0.2.1')), 0, 'a clock that is put back gives nothing')
})

test('one sender does not spend for another', () => {
  const { spendMany } = open()
  assert.equal(spendMany(times(8, '192.0.2.1')), 5)
  assert.equal(spendMany(times(8, '192.0.2.2')), 5)
  assert.equal(spendMany(times(8, '::ffff:192.0.2.1')), 5)
  assert.equal(spendMany(times(8, '::ffff:192.0.2.2')), 5)
})

test('the addresses of one network of 64 bits are one sender, however they are written', () => {
  const { spendMany } = open()
  const same = ['2001:db8::1', '2001:db8:0:0:ffff::', '2001:DB8::2:3:4:5', '2001:db8::9%eth0', '2001:db8:0:0:1:2:3:4']
  assert.equal(spendMany(same), 5)
  assert.equal(spendMany(['2001:db8::77']), 0)
  assert.equal(spendMany(['2001:db8:0:1::1', '2001:db8:1::1', '::1']), 3, 'other networks')
})

test('all together spend ten times what one may, whatever the number of addresses', () => {
  const { time, spendMany } = open()
  const many = Array.from({ length: 25_000 }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)
  assert.equal(spendMany(many), 50)
  time.nowMs = 1000
  assert.equal(spendMany(many), 10)
})
