import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CallerBudget, CallerBudgets } from '../limits/caller-budget.ts'
import { OverBudgetError } from '../limits/caller-limits.ts'
import { createLog } from '../log/log.ts'
import { MainThreadOnlyError } from '../process/main-thread-only.ts'
import { createApp } from './app.ts'
import { createRawDispatch } from './raw-dispatch.ts'
import { type RawExchange, mountRaw } from './raw-surface.ts'

type Failure = { readonly status: number; readonly isExpected?: true }

/** Creates an application with a surface that throws the error for the URL of the request. */
function open(t: TestContext, errors: Readonly<Record<string, Error>>) {
  const lines: string[] = []
  const log = createLog('error', { write: (line) => void lines.push(line) })
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  t.after(() => app.close())
  const describe = (error: unknown): Failure => {
    if (error instanceof OverBudgetError) return { status: 429 }
    if (error instanceof TypeError) throw error
    return error instanceof RangeError ? { status: 503, isExpected: true } : { status: 500 }
  }
  const handle = createRawDispatch<Failure>({
    serve: async ({ request }) => {
      throw errors[request.url ?? ''] ?? new Error('failed')
    },
    describe,
    sendFailure: ({ response }, { status }) => response.writeHead(status).end(),
    failureCost: { budgets: new CallerBudgets(), milliseconds: 7 },
    logging: { log, message: 'a request failed' },
    leaveToMainThread: ({ response }: RawExchange) => response.writeHead(202).end(),
  })
  mountRaw(app, { name: 'raw', paths: ['/raw'], methods: ['GET'], handle })
  const statusOf = async (url: string) => (await app.inject(url)).statusCode
  return { lines, statusOf }
}

test('a failure is charged once, logged unless it is expected, and sent to the client', async (t) => {
  const errors = {
    '/raw/outage': new RangeError('the database is away'),
    '/raw/over': new OverBudgetError(1),
    '/raw/elsewhere': new MainThreadOnlyError(),
  }
  const { lines, statusOf } = open(t, errors)
  const { mock } = t.mock.method(CallerBudget.prototype, 'settle')
  assert.equal(await statusOf('/raw/any'), 500)
  assert.deepEqual(
    mock.calls.map(({ arguments: [milliseconds] }) => milliseconds),
    [7],
  )
  assert.match(lines.splice(0).join(''), /a request failed/)
  assert.equal(await statusOf('/raw/outage'), 503)
  mock.resetCalls()
  assert.equal(await statusOf('/raw/over'), 429)
  assert.equal(await statusOf('/raw/elsewhere'), 202, 'the main thread answers and charges')
  assert.equal(mock.callCount(), 0)
  assert.deepEqual(lines, [])
})

test('a sender that exceeds its budget when its failure is charged receives the error of the budget', async (t) => {
  const { statusOf } = open(t, {})
  t.mock.method(CallerBudget.prototype, 'settle', () => Promise.reject(new OverBudgetError(1)))
  assert.equal(await statusOf('/raw/any'), 429)
})

test('a failure that cannot be described is logged, and its response is cut off', async (t) => {
  const { lines, statusOf } = open(t, { '/raw/unknown': new TypeError('no status') })
  await assert.rejects(statusOf('/raw/unknown'), /destroyed/)
  assert.match(lines.join(''), /no status/)
})
