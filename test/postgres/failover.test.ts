import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { playRounds } from '../chaos/chaos.ts'
import { startCluster } from '../chaos/cluster-parts.ts'
import { table, violationsOf } from '../chaos/report.ts'
import { requirePostgres } from '../harness/postgres.ts'

/** Set it to repeat a run, as far as the timing of the machine allows. */
const seed = Number(process.env['CHAOS_SEED'] ?? randomInt(2 ** 32))

/** The second failover goes back to the first of the two servers. `npm run chaos -- --parts failover` plays more. */
const rounds = 2

test('after failovers to a synchronous standby, three servers have all they acknowledged and allow nothing revoked', async (t) => {
  if (!requirePostgres(t)) return
  t.diagnostic(`CHAOS_SEED=${seed}`)
  await using installation = await startCluster()
  const seen = [
    await playRounds(installation, { rounds, seed, parts: ['failover'], say: (text) => t.diagnostic(text) }),
  ]
  t.diagnostic(table(seen))
  assert.deepEqual(violationsOf(seen), [])
  const { revocations = 0, denied = 0, manifests = 0 } = seen[0]?.byPart.get('failover') ?? {}
  assert.ok(manifests > 0, 'images were pushed')
  assert.ok(revocations > 0 && denied > 0, 'roles were revoked')
})
