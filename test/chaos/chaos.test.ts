import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { requireClient } from '../harness/clients.ts'
import { requirePostgres } from '../harness/postgres.ts'
import { type Plan, playRounds } from './chaos.ts'
import { startCluster } from './cluster-parts.ts'
import { startNode } from './node-parts.ts'
import { clusterParts, type Installation, nodeParts } from './part.ts'
import { table, violationsOf } from './report.ts'

/** Set it to repeat a run, as far as the timing of the machine allows. */
const seed = Number(process.env['CHAOS_SEED'] ?? randomInt(2 ** 32))

async function assertNothingIsLost(start: () => Promise<Installation>, plan: Omit<Plan, 'seed'>): Promise<void> {
  plan.say(`CHAOS_SEED=${seed}`)
  await using installation = await start()
  const seen = [await playRounds(installation, { ...plan, seed })]
  plan.say(table(seen))
  assert.deepEqual(violationsOf(seen), [])
}

test('One server loses nothing that it acknowledged, and allows nothing that was revoked, when a part of it fails', async (t) => {
  if (!requireClient(t, 'strace')) return
  await assertNothingIsLost(startNode, { rounds: 5, parts: nodeParts, say: (text) => t.diagnostic(text) })
})

test('Three servers lose nothing that they acknowledged, and allow nothing that was revoked, when a part of them fails', async (t) => {
  if (!requirePostgres(t)) return
  await assertNothingIsLost(startCluster, { rounds: 6, parts: clusterParts, say: (text) => t.diagnostic(text) })
})
