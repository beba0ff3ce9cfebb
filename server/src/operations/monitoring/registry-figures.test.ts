import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Figure } from '../../platform/metrics/figure.ts'
import { registryFigures, type RegistryFigureSources } from './registry-figures.ts'

const quotaFigures = ['acrux_stored_bytes', 'acrux_quota_highest_use_ratio']

const readAll = (figures: readonly Figure[]) => Promise.all(figures.map(async ({ read }) => read()))

test('one scrape reads the usage of quotas only once, and the next scrape reads the usage again', async () => {
  let reads = 0
  const quotaUse = () => {
    reads += 1
    if (reads === 2) return Promise.reject(new Error('the database is gone'))
    return Promise.resolve({ storedBytes: 100 * reads, highestRatio: reads / 10 })
  }
  const sources = { quotaUse, garbageFigures: {} } as RegistryFigureSources
  const figures = registryFigures(sources).filter(({ name }) => quotaFigures.includes(name))
  assert.deepEqual(await readAll(figures), [100, 0.1])
  assert.equal(reads, 1)
  await assert.rejects(readAll(figures), /the database is gone/)
  assert.deepEqual(await readAll(figures), [300, 0.3])
  assert.equal(reads, 3)
})
