import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import { createRegistryActivity } from './activity.ts'
import { hourMs } from './activity-store.ts'
import { openTestResources } from '../../testing/resources/test-resources.ts'

const noon = Date.parse('2026-11-24T12:00:00Z')

const none = { total_pulls: 0, successful_pulls: 0, total_pushes: 0, successful_pushes: 0, sign_ins: 0, denials: 0 }

for (const kind of testDatabaseKinds) {
  describe(`the hourly counters on ${kind}`, () => {
    async function open(t: { after: (work: () => Promise<void>) => void }) {
      const opened = await openTestResources(kind)
      t.after(() => opened.dispose())
      const registry = await opened.create('contoso')
      const sizes = { bytes: 100, asked: 0 }
      const activity = createRegistryActivity({
        database: opened.database,
        clock: { now: () => opened.time.nowMs },
        listRegistries: () => opened.resources.listRegistries(registry.subscriptionId),
        storageBytes: () => {
          sizes.asked += 1
          return Promise.resolve(sizes.bytes)
        },
        retentionDays: 2,
      })
      const hours = () => activity.hours(registry.rid, noon - 1000 * hourMs, noon + 1000 * hourMs)
      // Rows of SQLite have no prototype, so the test copies the rows.
      const plain = (rows: readonly object[]) => rows.map((row) => ({ ...row }))
      return { ...opened, plain, registry, activity, sizes, hours }
    }

    test('the hourly counters count pulls and pushes by the hour, before and after the counts are written', async (t) => {
      const { registry, activity, time, hours, plain } = await open(t)
      activity.countTransfer(registry.rid, 'pull', true)
      activity.countTransfer(registry.rid, 'pull', false)
      activity.countTransfer(registry.rid, 'push', true)
      const first = { ...none, total_pulls: 2, successful_pulls: 1, total_pushes: 1, successful_pushes: 1 }
      assert.deepEqual(plain(await hours()), [{ ...first, rid: registry.rid, hour_ms: noon, storage_bytes: null }])
      await activity.flush()
      assert.deepEqual(plain(await hours()), [{ ...first, rid: registry.rid, hour_ms: noon, storage_bytes: 100 }])
      time.nowMs += 59 * 60 * 1000
      activity.countTransfer(registry.rid, 'pull', true)
      time.nowMs += 60 * 1000
      activity.countTransfer(registry.rid, 'pull', true)
      const expected = [
        [noon, 3],
        [noon + hourMs, 1],
      ]
      const pulls = async () => (await hours()).map(({ hour_ms, total_pulls }) => [hour_ms, total_pulls])
      assert.deepEqual(await pulls(), expected)
      await activity.flush()
      await activity.flush()
      assert.deepEqual(await pulls(), expected, 'nothing is written twice')
    })

    test('the hourly counters measure the size of a registry once an hour', async (t) => {
      const { activity, sizes, time, hours } = await open(t)
      await activity.flush()
      sizes.bytes = 200
      await activity.flush()
      assert.equal(sizes.asked, 1)
      time.nowMs += hourMs
      await activity.flush()
      assert.deepEqual(
        (await hours()).map(({ storage_bytes }) => storage_bytes),
        [100, 200],
      )
    })

    test('the hourly counters count an event only for the registry that is the target of the event', async (t) => {
      const { registry, activity, hours } = await open(t)
      const actor = { kind: 'user', id: 'x' } as const
      const count = (action: string, outcome: 'success' | 'refused', target: string, detail = {}) =>
        activity.counterOf({ action, outcome, actor, target, detail })?.()
      const { loginServer, id } = registry
      count('token.exchange', 'success', loginServer)
      count('token.issue', 'success', loginServer, { asked: [] })
      count('token.issue', 'success', loginServer, { asked: ['repository:a:pull'] })
      count('data.access', 'refused', `${loginServer}/team/app`)
      count('management.registries.put', 'refused', id.toUpperCase())
      count('management.tokens.put', 'refused', `${id}/tokens/one`)
      count('data.access', 'refused', 'somewhere.example/team/app')
      count('sign-in.password', 'refused', '')
      for (const written of [false, true]) {
        if (written) await activity.flush()
        const [row] = await hours()
        assert.partialDeepStrictEqual(row, { sign_ins: 2, denials: 3, total_pulls: 0 }, `written: ${written}`)
      }
    })

    test('the hourly counters keep counts that could not be written, and write them at the next attempt', async (t) => {
      const { registry, activity, sizes, hours, database } = await open(t)
      activity.countTransfer(registry.rid, 'pull', true)
      sizes.bytes = Number.NaN
      await database.transaction((transaction) =>
        transaction
          .tables<Record<string, never>>()
          .schema.alterTable('registry_activity')
          .renameTo('registry_activity_away')
          .execute(),
      )
      await assert.rejects(activity.flush(), /registry_activity/)
      await database.transaction((transaction) =>
        transaction
          .tables<Record<string, never>>()
          .schema.alterTable('registry_activity_away')
          .renameTo('registry_activity')
          .execute(),
      )
      sizes.bytes = 1
      activity.countTransfer(registry.rid, 'pull', true)
      await activity.flush()
      assert.partialDeepStrictEqual(await hours(), [{ total_pulls: 2, storage_bytes: 1 }])
    })

    test('the hourly counters are deleted after their retention period', async (t) => {
      const { registry, activity, time, hours } = await open(t)
      for (let day = 0; day < 4; day += 1) {
        activity.countTransfer(registry.rid, 'pull', true)
        await activity.flush()
        time.nowMs += 24 * hourMs
      }
      time.nowMs -= 24 * hourMs
      await activity.expire()
      assert.deepEqual(
        (await hours()).map(({ hour_ms }) => (hour_ms - noon) / hourMs),
        [24, 48, 72],
      )
    })

    test('the hourly counters use a limited amount of memory', async (t) => {
      const { registry, activity, hours } = await open(t)
      const actor = { kind: 'claimed', id: '' } as const
      for (let index = 0; index < 60_000; index += 1) {
        activity.counterOf({ action: 'data.access', outcome: 'refused', actor, target: `host${index}.example` })?.()
      }
      activity.countTransfer(registry.rid, 'pull', true)
      assert.partialDeepStrictEqual(await hours(), [{ total_pulls: 1 }], 'which no transfer suffers from')
      const denied = () =>
        activity.counterOf({ action: 'data.access', outcome: 'refused', actor, target: registry.loginServer })?.()
      denied()
      assert.partialDeepStrictEqual(await hours(), [{ denials: 0 }])
      await activity.flush()
      denied()
      assert.partialDeepStrictEqual(await hours(), [{ denials: 1 }])
    })
  })
}
