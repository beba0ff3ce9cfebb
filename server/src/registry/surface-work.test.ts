import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../platform/http/app.ts'
import { CallerBudgets } from '../platform/limits/caller-budget.ts'
import { createLog } from '../platform/log/log.ts'
import { currentWork } from '../platform/process/authorized-work.ts'
import type { LoginServer } from '../standards/azure/login-server.ts'
import { openNetwork } from '../standards/azure/network-rules.ts'
import { type RegistryHandlers, registryRoutes } from './routes.ts'
import { mountSurface } from './surface.ts'
import type { RegistryCall } from './surface/call.ts'
import { digestOf } from './test-registry.ts'

/** The routes that are decided at their admission only. */
const atOnce = ['registry.base.get', 'registry.base.head', 'registry.manifests.get', 'registry.manifests.head']

test('every route is work of its caller, except reads that are answered at once', async (t) => {
  let isWork: boolean | undefined
  const handle = async ({ response }: RegistryCall) => {
    isWork = currentWork() !== undefined
    response.end()
  }
  const handlers = Object.fromEntries(registryRoutes.map(({ handler }) => [handler, handle])) as RegistryHandlers
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
  } as const
  const unexpected = () => Promise.reject(new Error('a standing caller is not decided again'))
  const log = createLog('silent')
  const app = createApp({ log, trustedProxies: [] })
  t.after(() => app.close())
  mountSurface(app, {
    handlers,
    log,
    budgets: new CallerBudgets(),
    database: { authorityRevision: () => Promise.resolve(1), knownRevision: () => 1 },
    registries: { byHost: () => Promise.resolve(registry) },
    gate: {
      admit: () => Promise.resolve({ admitted: true, caller, revision: 1 }),
      admitAgain: unexpected,
      refuseOutdated: unexpected,
    },
  })
  const withoutWork: string[] = []
  for (const { id, method, path } of registryRoutes) {
    const digest = digestOf('absent')
    const url = path
      .replace(':name', 'app')
      .replace(':digest', digest)
      .replace(':reference', digest)
      .replace(':tag', 'v1')
      .replace(':id', '00000000-0000-4000-8000-000000000000')
    isWork = undefined
    await app.inject({ method: method as 'GET', url, headers: { host: 'one.example' } })
    assert.notEqual(isWork, undefined, `${id} was handled`)
    if (isWork === false) withoutWork.push(id)
  }
  assert.deepEqual(withoutWork, atOnce)
  const readers = registryRoutes.filter(({ readsBody }) => readsBody === true)
  assert.deepEqual(
    readers.filter(({ method }) => method === 'GET' || method === 'HEAD' || method === 'DELETE'),
    [],
  )
})
