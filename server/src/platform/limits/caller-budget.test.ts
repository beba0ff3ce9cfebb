import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CallerBudget, CallerBudgets } from './caller-budget.ts'
import { OverBudgetError, usualCallerLimits } from './caller-limits.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { SharedCallers, createSharedCallersMemory } from './shared-callers.ts'

/** Creates budgets with a clock that the test sets. */
function open(limits: Partial<typeof usualCallerLimits> = {}) {
  const clock = { ms: 0 }
  return { clock, budgets: new CallerBudgets({ ...usualCallerLimits, ...limits }, () => clock.ms) }
}

/** Whether a request starts without waiting. */
function enters(budget: CallerBudget): boolean {
  const { waiting } = budget
  void budget.enter()
  return budget.waiting === waiting
}

/** Whether memory is reserved without waiting. */
function holds(budget: CallerBudget, bytes: number): boolean {
  const { waiting } = budget
  void budget.hold(bytes)
  return budget.waiting === waiting
}

/** Sends a request of another caller, so that callers share the processor. */
function contend(budgets: CallerBudgets): void {
  const other = budgets.of('other')
  void other.enter()
  other.leave(0)
}

test('a caller that is alone can use the whole server, and has no debt when other callers send requests', async () => {
  const { clock, budgets } = open()
  const caller = budgets.of('one')
  for (let request = 0; request < 100; request += 1) {
    assert.ok(enters(caller))
    caller.leave(50)
    clock.ms += 50
  }
  assert.ok(enters(caller))
  caller.leave(0)
  contend(budgets)
  clock.ms += 400
  assert.ok(enters(caller), '100 ms accrued')
})

test('a caller runs one piece of work of a kind at a time, also inside work of another kind', async () => {
  const budget = open().budgets.of('one')
  const order: string[] = []
  const step = async (name: string) => {
    order.push(`${name} starts`)
    await new Promise((resolve) => setImmediate(resolve))
    order.push(`${name} ends`)
  }
  await Promise.all([
    budget.oneAtATime('batch', () => budget.oneAtATime('denials', () => step('inner'))),
    budget.oneAtATime('denials', () => step('other')),
  ])
  assert.deepEqual(order.toSorted(), ['inner ends', 'inner starts', 'other ends', 'other starts'])
  assert.match(order.join(), /^(\w+) starts,\1 ends,(\w+) starts,\2 ends$/)
})

test('a caller over its share waits while other callers send requests, and no other caller waits', async () => {
  const { clock, budgets } = open({ processorPercent: 25 })
  const [one, two] = [budgets.of('one'), budgets.of('two')]
  contend(budgets)
  assert.ok(enters(one))
  one.leave(200)
  contend(budgets)
  let isIn = false
  const waiting = one.enter().then(() => (isIn = true))
  assert.equal(one.waiting, 1)
  assert.ok(enters(two))
  two.leave(1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(isIn, false)
  clock.ms += 1000
  contend(budgets)
  await waiting
  one.leave(0)
  assert.equal(budgets.counts.waiting, 0)
})

test('the handshakes and the requests of an address do not compete with each other, but compete with other callers', () => {
  const { budgets } = open()
  const [handshakes, requests] = [budgets.ofHandshakes('192.0.2.1'), budgets.ofAddress('192.0.2.1')]
  for (let round = 0; round < 10; round += 1) {
    for (const budget of [handshakes, requests]) {
      assert.ok(enters(budget))
      budget.leave(200)
    }
  }
  contend(budgets)
  void requests.enter()
  assert.equal(requests.waiting, 1)
})

test('requests over the concurrency limit wait in order, and are rejected with a retry time when the queue is full', async () => {
  const { budgets } = open({ maxConcurrentRequests: 2 })
  const caller = budgets.of('one')
  assert.ok(enters(caller))
  assert.ok(enters(caller))
  const order: number[] = []
  for (let at = 0; at < 256; at += 1) void caller.enter().then(() => order.push(at))
  await assert.rejects(
    caller.enter(),
    (error) => error instanceof OverBudgetError && error.retryAfterSeconds >= 1 && error.statusCode === 429,
  )
  assert.equal(budgets.counts.rejected, 1)
  for (let left = 258; left > 0; left -= 1) {
    caller.leave(0)
    await Promise.resolve()
  }
  await until('all requests to start', () => order.length === 256)
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  )
  assert.equal(caller.running, 0)
  assert.ok(enters(caller))
})

test('concurrent requests are charged their own cost, regardless of the cost of earlier requests', () => {
  const { clock, budgets } = open({ processorPercent: 100 })
  const caller = budgets.of('one')
  contend(budgets)
  for (let round = 0; round < 3; round += 1) {
    for (let request = 0; request < 200; request += 1) assert.ok(enters(caller))
    for (let request = 0; request < 200; request += 1) caller.leave(10)
    // The total cost is 2,000 milliseconds, of which 100 milliseconds were credit.
    clock.ms += 1899
    contend(budgets)
    void caller.enter()
    assert.equal(caller.waiting, 1, 'one millisecond of debt')
    clock.ms += 300
    contend(budgets)
    void caller.enter()
    assert.equal(caller.waiting, 0)
    caller.leave(0)
    caller.leave(0)
    clock.ms += 3000
    // These requests reduce the expected cost of a request to almost 0.
    for (let request = 0; request < 100; request += 1) {
      void caller.enter()
      caller.leave(0)
    }
    clock.ms += 3000
    contend(budgets)
  }
})

test('a request that was charged in advance allows the next request to start', async () => {
  const { budgets } = open({ maxConcurrentRequests: 1 })
  const caller = budgets.of('one')
  assert.ok(enters(caller))
  const paid = caller.settle(1)
  let isIn = false
  void caller.enter().then(() => (isIn = true))
  caller.leave(0)
  await paid
  await Promise.resolve()
  assert.equal(isIn, true)
  assert.equal(caller.running, 1)
})

test('the retry time of a rejected request is the expected time until the queue is empty', async () => {
  const { budgets } = open({ processorPercent: 10 })
  const caller = budgets.of('one')
  contend(budgets)
  void caller.enter()
  caller.leave(1100)
  contend(budgets)
  for (let at = 0; at < 256; at += 1) void caller.enter()
  const rejection = await caller.enter().catch((error: unknown) => error as OverBudgetError)
  // The debt is 1,000 ms, and 256 requests wait with an expected cost of 1,100 / 8 ms each, at 100 ms per second.
  assert.equal(rejection?.retryAfterSeconds, Math.ceil((1000 + 256 * (1100 / 8)) / 100))
})

test('bodies in memory are limited per caller and in total, but a caller can always have one body in memory', async () => {
  const { budgets } = open({ maxBufferedBytes: 10, maxBufferedBytesInTotal: 15 })
  const [one, two] = [budgets.of('one'), budgets.of('two')]
  assert.ok(holds(one, 100), 'one that is larger than the limit')
  let isHeld = false
  void one.hold(4).then(() => (isHeld = true))
  assert.ok(holds(two, 4), 'another caller')
  assert.equal(one.waiting, 1)
  one.release(100)
  await until('the memory', () => isHeld)
  assert.ok(holds(one, 6))
  const waiting = two.hold(5)
  assert.equal(two.waiting, 1, 'all together')
  two.release(4)
  await waiting
  assert.equal(budgets.counts.bufferedBytes, 15)
})

test('each caller has a separate budget, the number of budgets is limited, and an IPv6 /64 network is one caller', () => {
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

test('a budget in use is not evicted', () => {
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

/** Creates the budgets of three threads that share the usage of callers. */
function openThreads(limits: Partial<typeof usualCallerLimits> = {}) {
  const clock = { ms: 0 }
  const memory = createSharedCallersMemory(3)
  const threads = [0, 1, 2].map((thread) => {
    const callers = new SharedCallers(memory, thread)
    return new CallerBudgets({ ...usualCallerLimits, ...limits }, () => clock.ms, callers)
  })
  return { clock, memory, threads: threads as [CallerBudgets, CallerBudgets, CallerBudgets] }
}

test("while other callers send requests in any thread, a caller's processor time in one thread counts in all threads", () => {
  const { clock, threads } = openThreads({ processorPercent: 25 })
  const [first, second, third] = threads
  assert.ok(enters(second.of('one')))
  first.of('one').charge(500)
  contend(third)
  clock.ms += 100
  assert.equal(enters(second.of('one')), false)
  assert.ok(enters(second.of('two')))
  clock.ms += 2000
  assert.ok(enters(second.of('three')), 'nobody else was active')
})

test('a caller earns its share of a core for each thread that accepts connections', () => {
  for (const [accepting, isIn] of [
    [1, false],
    [4, true],
  ] as const) {
    const { clock, memory, threads } = openThreads({ processorPercent: 25 })
    const [first, second, third] = threads
    new SharedCallers(memory, 0).accepting = accepting
    const caller = first.of('one')
    assert.ok(enters(second.of('one')))
    caller.charge(500)
    clock.ms += 500
    contend(third)
    assert.equal(enters(caller), isIn)
  }
})

test("the limit of a caller's concurrent requests applies to all threads together", () => {
  const { threads } = openThreads({ maxConcurrentRequests: 2 })
  const [first, second, third] = threads
  assert.ok(enters(first.of('one')))
  assert.ok(enters(second.of('one')))
  assert.equal(enters(third.of('one')), false)
  first.of('one').leave(0)
  assert.ok(enters(third.of('two')))
})

test('requests and bodies that no longer wait leave the queue, so that any number of later requests can wait', async () => {
  const { budgets } = open({ maxConcurrentRequests: 1, maxBufferedBytes: 10 })
  const budget = budgets.of('one')
  // This number is larger than the number of requests that may wait at the same time.
  for (let request = 0; request < 5000; request += 1) {
    await budget.enter()
    const next = budget.enter()
    budget.leave(0)
    await next
    budget.leave(0)
  }
  for (let body = 0; body < 5000; body += 1) {
    await budget.hold(10)
    const next = budget.hold(10)
    budget.release(10)
    await next
    budget.release(10)
  }
  assert.deepEqual(budgets.counts, { waiting: 0, bufferedBytes: 0, rejected: 0 })
})

/**
 * Creates a caller with a debt of 100 ms, which the caller pays off in 400 ms. `order` contains the pieces and requests
 * that have continued.
 */
function openInDebt() {
  const { clock, budgets } = open({ processorPercent: 25 })
  const budget = budgets.of('one')
  budget.charge(200)
  const order: string[] = []
  const pace = (name: string, costMs = 10) => budget.pace(costMs).then(() => order.push(name))
  const pass = async (milliseconds: number, expected: readonly string[]) => {
    clock.ms += milliseconds
    contend(budgets)
    await until(`${expected.join()} after ${clock.ms} ms`, () => order.length >= expected.length)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual(order, expected)
  }
  return { budgets, budget, order, pace, pass }
}

test('the streams of a caller over its share continue in order, one piece at a time, while other callers send requests', async () => {
  const { budgets, pace, pass } = openInDebt()
  contend(budgets)
  for (const name of ['a', 'b', 'c']) void pace(name)
  await pass(390, [])
  await pass(20, ['a'])
  await pass(20, ['a'])
  await pass(20, ['a', 'b'])
  await pass(40, ['a', 'b', 'c'])
})

test('the streams of a caller are not paced while no other caller sends requests', async () => {
  const { order, pace } = openInDebt()
  for (let piece = 0; piece < 100; piece += 1) await pace('piece', 100)
  assert.equal(order.length, 100)
})

test('a piece of a stream waits for at most one second', async () => {
  const { budgets, budget, pace, pass } = openInDebt()
  budget.charge(2000)
  contend(budgets)
  void pace('a')
  void pace('b')
  await pass(990, [])
  await pass(20, ['a', 'b'])
})

test('the streams and the requests of a caller over its share continue alternately', async () => {
  const { budgets, budget, order, pace, pass } = openInDebt()
  contend(budgets)
  const request = async (name: string) => {
    await budget.enter()
    order.push(name)
    budget.leave(10)
  }
  for (const name of ['a', 'b']) void pace(name)
  for (const name of ['1', '2', '3']) void request(name)
  await pass(390, [])
  await pass(300, ['1', 'a', '2', 'b', '3'])
})

test('a request that takes turns begins after all other requests in the same turn of the event loop', async () => {
  const { budgets } = open()
  const order: string[] = []
  const heavy = { waitingMs: 1, takesTurns: true }
  const work = ['a', 'b'].map((name) => budgets.of(name).spend(async () => order.push(name), heavy))
  const small = budgets.of('c').spend(async () => order.push('small'))
  await Promise.all([...work, small])
  assert.deepEqual(order, ['small', 'a', 'b'])
})
