import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createApp } from '../platform/http/app.ts'
import { routeCosts } from '../platform/http/route-cost.ts'
import { CallerBudget, CallerBudgets } from '../platform/limits/caller-budget.ts'
import { createLog } from '../platform/log/log.ts'
import { currentWork } from '../platform/process/authorized-work.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { openNetwork } from '@acrux/shared/standards/azure/network-rules.ts'
import { type RegistryHandlers, type RegistryRoute, readsStream, registryRoutes } from './routes.ts'
import { mountSurface } from './surface.ts'
import type { RegistryCall } from './protocol/call.ts'
import { OciError } from './protocol/errors.ts'
import { allRepositories, digestOf } from '../../testing/registry/test-registry.ts'

/** The routes that are decided at their admission only. */
const atOnce = ['registry.base.get', 'registry.base.head', 'registry.manifests.get', 'registry.manifests.head']

/** Sends a request to every route, all of which have this handler. Tells each route afterwards. */
async function visitRoutes(
  handle: (call: RegistryCall) => Promise<void>,
  visited: (route: RegistryRoute) => void,
  { host = 'one.example', name = 'app' } = {},
) {
  const handlers = Object.fromEntries(
    registryRoutes.map(({ handler }) => [handler, handle]),
  ) as unknown as RegistryHandlers
  const registry = {
    rid: '1'.repeat(32),
    name: 'one',
    loginServer: 'one.example' as LoginServer,
    ...openNetwork,
    compatibility: 'oci',
    policies: { softDeletePolicy: { status: 'disabled' } },
  } as const
  const caller = {
    key: 'caller',
    actor: { kind: 'service-principal', id: 'caller' },
    deletionsSeen: 0,
    mayPull: () => Promise.resolve(true),
    identify: () => Promise.resolve(undefined),
    repositories: () => Promise.resolve(allRepositories),
  } as const
  const unexpected = () => Promise.reject(new Error('a standing caller is not decided again'))
  const log = createLog('silent')
  const app = createApp({ log, trustedProxies: [] })
  mountSurface(app, {
    handlers,
    log,
    budgets: new CallerBudgets(),
    database: { authorityRevision: () => Promise.resolve(1), knownRevision: () => 1 },
    registries: { byHost: (asked) => Promise.resolve(asked === registry.loginServer ? registry : undefined) },
    gate: {
      admit: () => Promise.resolve({ admitted: true, caller, revision: 1 }),
      admitAgain: unexpected,
      denyOutdated: unexpected,
    },
  })
  for (const route of registryRoutes) {
    const { method, path } = route
    const digest = digestOf('absent')
    const url = path
      .replace(':name', name)
      .replace(':digest', digest)
      .replace(':reference', digest)
      .replace(':tag', 'v1')
      .replace(':id', '00000000-0000-4000-8000-000000000000')
    await app.inject({ method: method as 'GET', url, headers: { host } })
    visited(route)
  }
  await app.close()
}

test('every route is work of its caller, except reads that are answered at once', async () => {
  let isWork: boolean | undefined
  const withoutWork: string[] = []
  await visitRoutes(
    async ({ response }) => {
      isWork = currentWork() !== undefined
      response.end()
    },
    ({ id }) => {
      assert.notEqual(isWork, undefined, `${id} was handled`)
      if (isWork === false) withoutWork.push(id)
      isWork = undefined
    },
  )
  assert.deepEqual(withoutWork, atOnce)
})

test('a request to the registry that fails after it waited is charged as one that succeeds', async (t) => {
  const { mock } = t.mock.method(CallerBudget.prototype, 'leave')
  await visitRoutes(
    async () => {
      await nextTurn()
      throw new OciError('NAME_UNKNOWN')
    },
    ({ id, cost }) => {
      const [usedMs = 0] = mock.calls.at(-1)?.arguments ?? []
      assert.ok(usedMs >= routeCosts[cost].waitingMs, `${id} was charged ${usedMs} ms`)
      mock.resetCalls()
    },
  )
})

test('the answer to a request to the registry that fails at once is charged', async (t) => {
  const { mock } = t.mock.method(CallerBudget.prototype, 'leave')
  await visitRoutes(
    () => Promise.reject(new OciError('NAME_UNKNOWN')),
    ({ id }) => {
      const [usedMs = 0] = mock.calls.at(-1)?.arguments ?? []
      assert.ok(usedMs >= 0.1, `${id} was charged ${usedMs} ms`)
      mock.resetCalls()
    },
  )
})

test('a request to the registry that is rejected before it is handled is charged', async (t) => {
  const { mock } = t.mock.method(CallerBudget.prototype, 'settle')
  const handle = async ({ response }: RegistryCall) => void response.end()
  const names = registryRoutes.filter(({ path }) => path.includes(':name'))
  const charged: string[] = []
  const visited = ({ id }: RegistryRoute) => {
    const [usedMs = 0] = mock.calls.at(-1)?.arguments ?? []
    if (usedMs > 0) charged.push(id)
    mock.resetCalls()
  }
  await visitRoutes(handle, visited, { name: 'UPPER' })
  assert.deepEqual(
    charged,
    names.map(({ id }) => id),
  )
  charged.length = 0
  await visitRoutes(handle, visited, { host: 'other.example' })
  assert.equal(charged.length, registryRoutes.length)
})

test('only requests that send the bytes of an upload read a stream', () => {
  const upload = '/v2/team/app/blobs/uploads/'
  const id = '00000000-0000-4000-8000-000000000000'
  assert.ok(readsStream({ method: 'POST', url: `${upload}?digest=x` }))
  for (const method of ['PATCH', 'PUT']) assert.ok(readsStream({ method, url: `${upload}${id}?digest=x` }), method)
  for (const method of ['GET', 'DELETE']) assert.ok(!readsStream({ method, url: `${upload}${id}` }), method)
  assert.ok(!readsStream({ method: 'PUT', url: '/v2/team/app/manifests/1' }))
  assert.ok(!readsStream({ method: 'PUT', url: '/acr/v1/team' }))
})
