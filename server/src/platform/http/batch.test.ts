import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { CallerBudgets } from '../limits/caller-budget.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { AuthorizedWork, currentWork, runAuthorized } from '../process/authorized-work.ts'
import { answerBatch, budgetKeyOf } from './batch.ts'

const megabyte = JSON.stringify('x'.repeat(1024 * 1024))

test('the requests of a batch are answered one after the other, and the answers have at most four megabytes in total', async () => {
  const budgets = new CallerBudgets()
  const app = Fastify()
  let [running, most, answered] = [0, 0, 0]
  app.get('/large', async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 5))
    running -= 1
    answered += 1
    return megabyte
  })
  app.post('/batch', async (request) => {
    const { key, party } = budgetKeyOf('someone', true)
    const origin = { correlationId: '', remoteAddress: '192.0.2.1', userAgent: undefined }
    const batch = { request, origin, budget: budgets.of(key, party) }
    return answerBatch(batch, Array<string>(20).fill('/large'), async (path, send) => (await send(path)).status)
  })
  const [first, second] = await Promise.all([1, 2].map(() => app.inject({ method: 'POST', url: '/batch' })))
  for (const answer of [first, second]) {
    assert.deepEqual(JSON.parse(answer?.body ?? ''), [200, 200, 200, ...Array<number>(17).fill(413)])
  }
  assert.equal(most, 1)
  assert.equal(answered, 8)
})

test("a request of a batch is authorized separately, and is not part of the caller's authorized work", async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  const authority = { authorityRevision: async () => 1, knownRevision: () => 1 }
  const work = new AuthorizedWork({ authority, revision: 1, decide: async () => undefined })
  let isWork: boolean | undefined
  app.get('/one', async () => {
    isWork = currentWork() !== undefined
    return 'one'
  })
  app.post('/batch', async (request) => {
    const { key, party } = budgetKeyOf('someone', true)
    const origin = { correlationId: '', remoteAddress: '192.0.2.1', userAgent: undefined }
    const batch = { request, origin, budget: new CallerBudgets().of(key, party) }
    return runAuthorized(work, () => answerBatch(batch, ['/one'], async (path, send) => (await send(path)).status))
  })
  assert.deepEqual((await app.inject({ method: 'POST', url: '/batch' })).json(), [200])
  assert.equal(isWork, false)
})

test('a batch does not compete with its own requests', () => {
  let nowMs = 0
  const budgets = new CallerBudgets(undefined, () => nowMs)
  for (const isBatch of [true, false, true]) {
    const { key, party } = budgetKeyOf('someone', isBatch)
    const budget = budgets.of(key, party)
    assert.ok(budget.tryEnter())
    // This cost is more than a caller may use while another caller is active.
    budget.leave(1000)
    nowMs += 1
  }
  const { key, party } = budgetKeyOf('other', false)
  assert.ok(budgets.of(key, party).tryEnter())
  const { key: first } = budgetKeyOf('someone', true)
  assert.equal(budgets.of(first, 'directory:someone').tryEnter(), false)
})

test('the requests of a batch run in separate turns of the event loop, so that other requests are answered between these turns', async () => {
  const budgets = new CallerBudgets()
  const app = Fastify()
  let turn = 0
  const turns: number[] = []
  const count = () => {
    turn += 1
    if (turns.length < 20) setImmediate(count)
  }
  app.get('/small', async () => turns.push(turn))
  app.post('/batch', async (request) => {
    setImmediate(count)
    const origin = { correlationId: '', remoteAddress: '192.0.2.1', userAgent: undefined }
    const batch = { request, origin, budget: budgets.of('someone') }
    return answerBatch(batch, Array<string>(20).fill('/small'), async (path, send) => (await send(path)).status)
  })
  await app.inject({ method: 'POST', url: '/batch' })
  assert.equal(turns.length, 20)
  assert.equal(new Set(turns).size, 20, turns.join())
})

test('a batch whose sender exceeds its share waits before each request while other callers send requests', async () => {
  let nowMs = 0
  const budgets = new CallerBudgets(undefined, () => nowMs)
  const { key, party } = budgetKeyOf('someone', true)
  const budget = budgets.of(key, party)
  const contend = () => budgets.of('other').tryEnter()
  const app = Fastify()
  let answered = 0
  app.get('/small', async () => (answered += 1))
  app.post('/batch', async (request) => {
    const origin = { correlationId: '', remoteAddress: '192.0.2.1', userAgent: undefined }
    return answerBatch({ request, origin, budget }, ['/small', '/small'], async (path, send) => {
      const { status } = await send(path)
      budget.charge(100)
      contend()
      return status
    })
  })
  // The cost is the burst and a debt, which the caller pays off in 400 ms.
  budget.charge(200)
  contend()
  const answer = app.inject({ method: 'POST', url: '/batch' })
  for (const expected of [0, 1, 2]) {
    await until(`${expected} answers`, () => answered >= expected)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(answered, expected)
    nowMs += 450
    contend()
  }
  assert.equal((await answer).statusCode, 200)
})
