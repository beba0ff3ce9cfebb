import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallerBudgets, OverBudgetError, usualCallerLimits } from './caller-budget.ts'
import { until } from '../process/test-patience.ts'

/** Budgets whose clock is moved by hand. */
function open(limits: Partial<typeof usualCallerLimits> = {}) {
  const clock = { ms: 0 }
  return { clock, budgets: new CallerBudgets({ ...usualCallerLimits, ...limits }, () => clock.ms) }
}

/** Has somebody else ask, so that callers share the processor. */
function contend(budgets: CallerBudgets): void {
  const other = budgets.of('other')
  void other.enter()
  other.leave(0)
}

test('a caller that is alone uses all there is, and owes nothing when others come', async () => {
  const { clock, budgets } = open()
  const caller = budgets.of('one')
  for (let request = 0; request < 100; request += 1) {
    assert.equal(caller.enter(), undefined)
    caller.leave(50)
    clock.ms += 50
  }
  assert.equal(caller.enter(), undefined)
  caller.leave(0)
  contend(budgets)
  clock.ms += 400
  assert.equal(caller.enter(), undefined, 'a hundred milliseconds were earned')
})

test('beyond its share a caller waits while others ask, and nobody else does', async () => {
  const { clock, budgets } = open({ processorPercent: 25 })
  const [one, two] = [budgets.of('one'), budgets.of('two')]
  contend(budgets)
  assert.equal(one.enter(), undefined)
  one.leave(200)
  contend(budgets)
  let isIn = false
  const waiting = Promise.resolve(one.enter()).then(() => (isIn = true))
  assert.equal(one.waiting, 1)
  assert.equal(two.enter(), undefined)
  two.leave(1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(isIn, false)
  clock.ms += 1000
  contend(budgets)
  await waiting
  one.leave(0)
  assert.equal(budgets.counts.waiting, 0)
})

test('the handshakes and the requests of an address do not compete with each other, but with those of others', () => {
  const { budgets } = open()
  const [handshakes, requests] = [budgets.ofHandshakes('192.0.2.1'), budgets.ofAddress('192.0.2.1')]
  for (let round = 0; round < 10; round += 1) {
    for (const budget of [handshakes, requests]) {
      assert.equal(budget.enter(), undefined)
      budget.leave(200)
    }
  }
  contend(budgets)
  void requests.enter()
  assert.equal(requests.waiting, 1)
})

test('requests beyond what runs at once wait in order; beyond what may wait they are told when to come again', async () => {
  const { budgets } = open({ maxConcurrentRequests: 2 })
  const caller = budgets.of('one')
  assert.equal(caller.enter(), undefined)
  assert.equal(caller.enter(), undefined)
  const order: number[] = []
  for (let at = 0; at < 256; at += 1) void Promise.resolve(caller.enter()).then(() => order.push(at))
  assert.throws(
    () => caller.enter(),
    (error) => error instanceof OverBudgetError && error.retryAfterSeconds >= 1 && error.statusCode === 429,
  )
  assert.equal(budgets.counts.refused, 1)
  for (let left = 258; left > 0; left -= 1) {
    caller.leave(0)
    await Promise.resolve()
  }
  await until('all to have had their turn', () => order.length === 256)
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  )
  assert.equal(caller.running, 0)
  assert.equal(caller.enter(), undefined)
})

test('requests that begin at once are charged what they take, whatever requests took before', () => {
  const { clock, budgets } = open({ processorPercent: 100 })
  const caller = budgets.of('one')
  contend(budgets)
  for (let round = 0; round < 3; round += 1) {
    for (let request = 0; request < 200; request += 1) assert.equal(caller.enter(), undefined)
    for (let request = 0; request < 200; request += 1) caller.leave(10)
    // Of 2,000 milliseconds 100 were saved.
    clock.ms += 1899
    contend(budgets)
    void caller.enter()
    assert.equal(caller.waiting, 1, 'a millisecond is owed')
    clock.ms += 300
    contend(budgets)
    void caller.enter()
    assert.equal(caller.waiting, 0)
    caller.leave(0)
    caller.leave(0)
    clock.ms += 3000
    // What is expected of a request falls to almost nothing.
    for (let request = 0; request < 100; request += 1) {
      void caller.enter()
      caller.leave(0)
    }
    clock.ms += 3000
    contend(budgets)
  }
})

test('whoever has paid lets the next one in', async () => {
  const { budgets } = open({ maxConcurrentRequests: 1 })
  const caller = budgets.of('one')
  assert.equal(caller.enter(), undefined)
  const paid = caller.settle(1)
  let isIn = false
  void Promise.resolve(caller.enter()).then(() => (isIn = true))
  caller.leave(0)
  await paid
  await Promise.resolve()
  assert.equal(isIn, true)
  assert.equal(caller.running, 1)
})

test('when to come again is when those that wait will have had their turn', () => {
  const { budgets } = open({ processorPercent: 10 })
  const caller = budgets.of('one')
  contend(budgets)
  void caller.enter()
  caller.leave(1100)
  contend(budgets)
  const refusal = () => {
    for (;;) {
      try {
        void caller.enter()
      } catch (error) {
        return error as OverBudgetError
      }
    }
  }
  // A thousand milliseconds are owed, and 256 wait that take an eighth of 1,100 each, at 100 milliseconds a second.
  assert.equal(refusal().retryAfterSeconds, Math.ceil((1000 + 256 * (1100 / 8)) / 100))
})

test('bodies are held within a bound, of each caller and of all; one is taken always', async () => {
  const { budgets } = open({ maxBufferedBytes: 10, maxBufferedBytesInTotal: 15 })
  const [one, two] = [budgets.of('one'), budgets.of('two')]
  assert.equal(one.hold(100), undefined, 'one that is larger than the bound')
  let isHeld = false
  void Promise.resolve(one.hold(4)).then(() => (isHeld = true))
  assert.equal(two.hold(4), undefined, 'another caller')
  assert.equal(one.waiting, 1)
  one.release(100)
  await until('the memory', () => isHeld)
  assert.equal(one.hold(6), undefined)
  const waiting = Promise.resolve(two.hold(5))
  assert.equal(two.waiting, 1, 'all together')
  two.release(4)
  await waiting
  assert.equal(budgets.counts.bufferedBytes, 15)
})

test('callers are told apart in bounded memory; who is at an IPv6 network of 64 bits is one', () => {
  const { budgets } = open()
  assert.equal(budgets.ofAddress('2001:db8::1'), budgets.ofAddress('2001:db8::ffff:1'))
  assert.notEqual(budgets.ofAddress('2001:db8::1'), budgets.ofAddress('2001:db8:0:1::1'))
  assert.notEqual(budgets.ofCaller('admin', 'a', '::1'), budgets.ofCaller('admin', 'b', '::1'))
  assert.equal(budgets.ofCaller('anonymous', 'a', '192.0.2.1'), budgets.ofAddress('192.0.2.1'))
  const first = budgets.of('first')
  for (let at = 0; at < 5000; at += 1) budgets.of(`caller ${at}`)
  assert.equal(budgets.of('first'), first)
  for (let at = 0; at < 25_000; at += 1) budgets.of(`stranger ${at}`)
  assert.notEqual(budgets.of('first'), first)
})

test('a caller is not forgotten while it uses something', () => {
  const { budgets } = open()
  const [running, holding] = [budgets.of('running'), budgets.of('holding')]
  void running.enter()
  void holding.hold(1)
  for (let at = 0; at < 50_000; at += 1) budgets.of(`stranger ${at}`)
  assert.equal(budgets.of('running'), running)
  assert.equal(budgets.of('holding'), holding)
  running.leave(0)
  holding.release(1)
  for (let at = 0; at < 50_000; at += 1) budgets.of(`stranger ${at}`)
  assert.notEqual(budgets.of('running'), running)
})
