import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openSealer } from '../../src/platform/keys/sealing.ts'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { openTestDatabase } from '../platform/test-database.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import type { Registry, RegistryChange } from '../../src/resources/model.ts'
import { createResources } from '../../src/resources/resources.ts'
import { resourcesMigrations } from '../../src/resources/migrations.ts'

export const testSubscriptionId = '10000000-0000-4000-8000-000000000001'
const tenantId = '20000000-0000-4000-8000-000000000002'

/** The principal that creates the resources of the tests. */
export const testAuthor = { name: 'alice@contoso.example', kind: 'User' } as const

export type TestResources = Awaited<ReturnType<typeof openTestResources>>

type NewRegistry = {
  readonly resourceGroup?: string
  readonly loginServer?: LoginServer
  readonly change?: RegistryChange
}

/** The resource tree on a real database, with a subscription and the group `Default`. Tests can set the clock. */
export async function openTestResources(kind: DatabaseKind) {
  const { database, dispose: disposeDatabase } = await openTestDatabase(kind, resourcesMigrations)
  const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-test-'))
  const sealer = await openSealer(path.join(keyDirectory, 'master.key'))
  const time = { nowMs: Date.parse('2026-11-24T12:00:00Z') }
  const resources = createResources({
    database,
    clock: { now: () => time.nowMs },
    sealer,
    suffix: '.azurecr.example:5443',
  })
  await database.transaction(async (transaction) => {
    await resources.createSubscription(transaction, {
      subscriptionId: testSubscriptionId.toUpperCase(),
      tenantId,
      displayName: 'Contoso',
    })
    const group = { subscriptionId: testSubscriptionId, name: 'Default', location: 'local', tags: {} }
    await resources.putResourceGroup(transaction, group)
  })

  const create = (name: string, { resourceGroup = 'Default', loginServer, change = {} }: NewRegistry = {}) =>
    database.transaction((transaction) =>
      resources.createRegistry(transaction, {
        subscriptionId: testSubscriptionId,
        resourceGroup,
        name,
        location: 'local',
        change,
        author: testAuthor,
        ...(loginServer !== undefined && { loginServer }),
      }),
    )
  const update = (registry: Registry, change: RegistryChange) =>
    database.transaction((transaction) => resources.updateRegistry(transaction, registry.rid, change, testAuthor))
  const remove = (registry: Registry) =>
    database.transaction((transaction) => resources.deleteRegistry(transaction, registry.rid))
  const passwordsOf = async (registry: Registry) => {
    const passwords = await resources.readAdminPasswords(registry.rid)
    if (passwords === undefined) throw new Error(`${registry.name} has no admin passwords`)
    return passwords
  }
  const dispose = async () => {
    await disposeDatabase()
    await rm(keyDirectory, { recursive: true })
  }
  return { database, resources, time, create, update, remove, passwordsOf, dispose }
}
