import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { simulate } from '../../../testing/platform/test-simulation.ts'
import { needlessRules, type SimulationRule, simulationRules } from '../../../testing/platform/test-simulation-rules.ts'

const schedules = Number(process.env['ACRUX_TEST_SCHEDULES'] ?? 1000)
/**
 * Whether the run is longer than usual. A longer run also counts the schedules in which the simulation detects that a
 * rule was removed.
 */
const isFull = process.env['ACRUX_TEST_SCHEDULES'] !== undefined

const named = process.env['ACRUX_TEST_SEED']
const seed = named === undefined ? randomInt(2 ** 31) : Number(named)
const repeat = `repeat it with ACRUX_TEST_SEED=${seed}`

/**
 * For each rule, a schedule in which the simulation detects that the rule was removed. If the simulation changes, find
 * new schedules. Some of these schedules are rare.
 */
const firstNoticed: Readonly<Record<(typeof simulationRules)[number], number>> = {
  'a revocation waits for the acknowledgements': 0,
  'a wait begins with the reply to the commit': 987,
  'a wait uses the monotonic clock': 87,
  'a repeated revocation waits too': 0,
  'leases are deleted only after the wait': 1,
  'a replica that revokes ends its own lease first': 0,
  'after a failover a revocation takes the length of a lease': 120,
  'all replicas use one length': 12,
  'a replica uses less than the length, and a revocation waits for more': 9737,
  'a revision contains the timeline': 165,
  'rights and revision change in one transaction': 2,
  'leases are durable': 2564,
  'a process has an id of its own': 27,
  'an acknowledgement is committed before the revision is read': 14197,
  'an acknowledgement never decreases': 3415,
  'a lease begins before the renewal is sent': 681,
  'a lease needs the revision that was acknowledged': 389,
  'a lease needs the highest revision that was heard': 381,
  'a higher revision ends the lease before it is acknowledged': 0,
  'a lease uses the monotonic clock': 615,
  'a lease uses the wall clock': 323,
  'a process that stops ends its lease before it deletes the row': 413,
  'a request reads the clock after it began': 57,
  'a request reads the revision before the rights': 3,
  'a cache is valid for one revision': 0,
  'the commit of a write compares the revision of its admission': 0,
}

/** The number of schedules per removed rule in a full run. */
const schedulesPerRule = Math.ceil(schedules / 50)

/** The schedules with a number below `count` in which the simulation allows a request that must be denied. */
function violating(count: number, rule: SimulationRule): number[] {
  return Array.from({ length: count }, (_, number) => number).filter((number) => simulate(number, rule).violations > 0)
}

test(`after a revocation is completed, no request is allowed and no write is committed with the revoked permission, in ${schedules} schedules`, (t) => {
  let [answered, probes, writes] = [0, 0, 0]
  for (let number = 0; number < schedules; number += 1) {
    const outcome = simulate(seed + number)
    assert.equal(outcome.violations, 0, `schedule ${number}: ${repeat}`)
    answered += outcome.answered
    probes += outcome.probes
    writes += outcome.writes
  }
  t.diagnostic(
    `${answered} revocations were answered, after which ${probes} requests were sent; ${writes} writes were committed; ${repeat}`,
  )
  assert.ok(answered > schedules && probes > schedules && writes > schedules, repeat)
})

for (const rule of simulationRules) {
  test(`the simulation detects a violation if this rule is removed: ${rule}`, (t) => {
    if (isFull) t.diagnostic(`in ${violating(schedulesPerRule, rule).length} of ${schedulesPerRule} schedules`)
    assert.ok(simulate(firstNoticed[rule], rule).violations > 0)
  })
}

for (const rule of needlessRules) {
  test(`the simulation detects no violation without this unnecessary rule: ${rule}`, () => {
    assert.deepEqual(violating(Math.ceil(schedules / 10), rule), [])
  })
}
