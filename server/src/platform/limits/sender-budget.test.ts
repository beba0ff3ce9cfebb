import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKnownSenders, createSenderBudget, networkOf } from './sender-budget.ts'

function open() {
  const time = { nowMs: 0 }
  const { spend } = createSenderBudget({ now: () => time.nowMs }, { burst: 5, perSecond: 1 })
  const spendMany = (addresses: readonly string[]) => addresses.filter((address) => spend(address)).length
  return { time, spend, spendMany }
}

/** The same limits as for device codes. */
function openLarge() {
  const time = { nowMs: 0 }
  const clock = { now: () => time.nowMs }
  const known = createKnownSenders(clock)
  return { time, known, budget: createSenderBudget(clock, { burst: 120, perSecond: 0.2 }, known) }
}

const times = (count: number, address: string) => Array<string>(count).fill(address)

test('a sender spends its burst, then a fixed number per second, and never saves more than the burst', () => {
  const { time, spendMany } = open()
  assert.equal(spendMany(times(8, '192.0.2.1')), 5)
  time.nowMs = 2000
  assert.equal(spendMany(times(8, '192.0.2.1')), 2)
  time.nowMs = 1_000_000
  assert.equal(spendMany(times(8, '192.0.2.1')), 5)
  time.nowMs = 0
  assert.equal(spendMany(times(8, '192.0.2.1')), 0, 'a clock that is put back gives nothing')
})

test('a budget is refilled by the clock of the machine while the adjustable clock is stopped', () => {
  const machine = { nowMs: 0 }
  const clock = { now: () => 0, machine: { now: () => machine.nowMs } }
  const { spend } = createSenderBudget(clock, { burst: 1, perSecond: 1 })
  assert.deepEqual([spend('192.0.2.1'), spend('192.0.2.1')], [true, false])
  machine.nowMs = 1000
  assert.equal(spend('192.0.2.1'), true)
})

test('a sender does not use up the budget of another sender', () => {
  const { spendMany } = open()
  assert.equal(spendMany(times(8, '192.0.2.1')), 5)
  assert.equal(spendMany(times(8, '192.0.2.2')), 5)
  assert.equal(spendMany(times(8, '::ffff:192.0.2.1')), 5)
  assert.equal(spendMany(times(8, '::ffff:192.0.2.2')), 5)
})

test('the addresses of one /64 network are one sender, in any spelling', () => {
  const { spendMany } = open()
  const same = ['2001:db8::1', '2001:db8:0:0:ffff::', '2001:DB8::2:3:4:5', '2001:db8::9%eth0', '2001:db8:0:0:1:2:3:4']
  assert.equal(spendMany(same), 5)
  assert.equal(spendMany(['2001:db8::77']), 0)
  assert.equal(spendMany(['2001:db8:0:1::1', '2001:db8:1::1', '::1']), 3, 'other networks')
})

test('the addresses of a flood spend ten times the allowance of one sender, in addition to their ordinary allowances', () => {
  const { time, spendMany } = open()
  const many = Array.from({ length: 100 }, (_, index) => `10.${index}.0.1`)
  const flood = (count: number) => Array.from({ length: count }, () => many).flat()
  assert.equal(spendMany(flood(10)), 100 * 5, 'what each may at once is ordinary here')
  time.nowMs = 1000
  assert.equal(spendMany(flood(10)), 100, 'and once more')
  time.nowMs = 2000
  assert.equal(spendMany(flood(10)), 50, 'then what is shared is all that there is')
  time.nowMs = 3000
  assert.equal(spendMany(flood(10)), 10, 'of which little comes back')
})

test('a flood from a thousand addresses affects neither ordinary use nor known senders', () => {
  const { time, budget, known } = openLarge()
  const flooding = Array.from({ length: 1000 }, (_, index) => `10.${index >> 8}.${index & 255}.1`)
  const flooded = () => flooding.filter((address) => budget.spend(address)).length
  known.note('198.51.100.1')
  let rejected = 0
  for (let second = 0; second < 600; second += 1) {
    time.nowMs = second * 1000
    rejected += flooding.length - flooded()
    if (second % 100 === 0) {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        assert.equal(budget.spend(`203.0.113.${second / 100}`), true, `a stranger after ${second} seconds`)
      }
      assert.equal(budget.spend('192.0.2.1'), true, `the same stranger after ${second} seconds`)
    }
    if (second % 5 === 0) assert.equal(budget.spend('198.51.100.1'), true, `who is known after ${second} seconds`)
  }
  assert.ok(rejected > 550_000, `of the flood nearly all was rejected, not ${rejected}`)
})

test('a /48 network with 65,536 subnetworks does not use up the allowance of senders in other networks', () => {
  const { time, budget } = openLarge()
  const flood = () => {
    for (let index = 0; index < 65_536; index += 1) budget.spend(`2001:db8:1:${index.toString(16)}::1`)
  }
  for (let minute = 0; minute < 5; minute += 1) {
    time.nowMs = minute * 60_000
    flood()
    assert.equal(budget.spend(`2001:db8:2:${minute}::1`), true, `minute ${minute}`)
    assert.equal(budget.spend('203.0.113.7'), true, `minute ${minute}`)
  }
})

test('a sender is known for a week after an authentication, unless 10,000 other senders have authenticated since', () => {
  const { time, known } = openLarge()
  known.note('2001:db8::1')
  known.note('198.51.100.1')
  time.nowMs = 7 * 24 * 60 * 60 * 1000 - 1
  assert.equal(known.has(networkOf('2001:db8::2')), true, 'another address of the network')
  time.nowMs += 1
  assert.equal(known.has(networkOf('2001:db8::1')), false)
  known.note('198.51.100.1')
  for (let index = 0; index < 20_000; index += 1) {
    if (index < 10_000) assert.equal(known.has('198.51.100.1'), true)
    known.note(`10.0.${index >> 8}.${index & 255}`)
  }
  assert.equal(known.has('198.51.100.1'), false, 'memory is bounded')
})
