import type { TestContext } from 'node:test'
import { sql } from 'kysely'
import { readSeed } from '../../src/emulator/seed/read-seed.ts'
import { applySeed } from '../../src/emulator/seed/apply-seed.ts'
import type { SeedContext } from '../../src/emulator/seed/context.ts'
import { openTestModules } from '../compose/test-modules.ts'

export const subscriptionId = '10000000-0000-4000-8000-000000000001'

/** All modules on a test database, with a subscription and the resource group `default`, to which documents are applied. */
export async function openTestSeed(t: TestContext) {
  let registryChanges = 0
  const { modules, database, time, clock, close } = await openTestModules({
    settings: { suffix: '.azurecr.example' },
  })
  t.after(close)
  const { resources, directory, audit } = modules
  await database.transaction(async (transaction) => {
    const tenantId = '20000000-0000-4000-8000-000000000002'
    await directory.createTenant(transaction, { tenantId, displayName: 'Contoso', defaultDomain: 'contoso.test' })
    await resources.createSubscription(transaction, { subscriptionId, tenantId, displayName: 'Contoso' })
    await resources.putResourceGroup(transaction, { subscriptionId, name: 'default', location: 'local', tags: {} })
  })
  const context: SeedContext = {
    ...modules,
    database,
    clock,
    audit,
    setClock: async (nowMs) => {
      time.nowMs = nowMs
    },
    onRegistriesChanged: async () => {
      registryChanges += 1
    },
  }
  const apply = (text: string, directoryOfFiles?: string) =>
    applySeed(context, readSeed(text, 'seed.yaml', directoryOfFiles))
  return {
    ...modules,
    database,
    time,
    apply,
    registryChanges: () => registryChanges,
    /** The actions of all events, but that of a start without an audit log. */
    events: async (): Promise<string[]> => {
      const { rows } = await sql<{ action: string }>`select action from audit_event order by seq`.execute(
        database.tables(),
      )
      return rows.map(({ action }) => action).filter((action) => action !== 'audit-log.altered')
    },
  }
}
