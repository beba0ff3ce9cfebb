import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeAll } from './fairness-looks.ts'
import { type Kind, reportFairness, type Seen } from './fairness-report.ts'

const seenWith = (p99: number, problem?: string): Seen => ({
  pull: [1, p99],
  token: [2, 10],
  grownMiB: 0,
  perSecond: 1,
  processorPercent: 1,
  statuses: '200 ×1',
  count: 1,
  ...(problem !== undefined && { problem }),
})

const settings = { measuredMs: 1, rounds: 2, say: () => {} }

/** Looks at kinds whose 99th percentiles are these, look by look. */
async function lookAt(p99s: Readonly<Record<string, readonly number[]>>) {
  const looks = new Map<string, number>()
  const kinds = Object.keys(p99s).map((name): Kind => ({ name, role: 'owner' }))
  const effects = await seeAll(
    (kind) => {
      if (kind === undefined) return Promise.resolve(seenWith(5))
      const count = looks.get(kind.name) ?? 0
      looks.set(kind.name, count + 1)
      return Promise.resolve(seenWith(p99s[kind.name]?.[count] ?? NaN))
    },
    kinds,
    settings,
  )
  return { looks: Object.fromEntries(looks), report: reportFairness(effects.rest, effects.kinds) }
}

test('a kind of the fairness bench is over a limit only if the median of three looks is', async () => {
  const { looks, report } = await lookAt({ quiet: [20], disturbed: [100, 5, 10], slow: [80, 10, 90] })
  assert.deepEqual(looks, { quiet: 1, disturbed: 3, slow: 3 })
  const measured = report.figures.map(({ name, measured: share }) => [name, share])
  assert.deepEqual(measured, [
    ['fairness: slow, owner', 80 / 25],
    ['fairness: quiet, owner', 20 / 25],
    ['fairness: disturbed, owner', 10 / 25],
  ])
})

test('the table of the fairness bench has the ratios to the values at rest, the worst kind first', async () => {
  const { report } = await lookAt({ quiet: [6], slow: [80, 80, 80] })
  const [, , , worst = '', next = ''] = report.table.split('\n')
  assert.match(worst, /^slow, owner +3\.20 .* 80\.0 ms ×16\.0 /)
  assert.match(next, /^quiet, owner +0\.33 .* 6\.0 ms ×1\.2 /)
  assert.match(report.table, /2 kinds, 1 of them within all limits, 1 over a limit$/)
})

test('a kind that the fairness bench cannot measure is over a limit, and the table says why', () => {
  const kind: Kind = { name: 'absent', role: 'owner' }
  const report = reportFairness(seenWith(5), new Map([[kind, seenWith(NaN, 'there is no form')]]))
  assert.equal(report.figures[0]?.measured, Infinity)
  assert.match(report.table, /there is no form/)
})
