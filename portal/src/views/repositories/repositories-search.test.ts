import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRepositoriesSearch, questionOf } from './repositories-search.ts'

const nowMs = Date.parse('2026-12-01T12:34:56.789Z')
const question = (values: Readonly<Record<string, string>>) => questionOf(parseRepositoriesSearch(values), nowMs)

test('the repositories are in the order of the address, or the last push comes first', () => {
  assert.deepEqual(question({}), { orderby: 'pushed desc' })
  assert.deepEqual(question({ sort: 'name' }), { orderby: 'name asc' })
  assert.deepEqual(question({ sort: '-size' }), { orderby: 'size desc' })
  assert.deepEqual(question({ sort: 'tags' }), { orderby: 'pushed desc' }, 'the server cannot sort by it')
  assert.deepEqual(question({ sort: '-size', show: 'tree' }), { orderby: 'name asc' })
})

test('the filters of the address are those of the server, with times of whole hours', () => {
  assert.deepEqual(question({ filter: 'api', by: 'ada', pushed: 'week', unused: 'true' }), {
    orderby: 'pushed desc',
    filter: 'api',
    pushedBy: 'ada',
    pushedAfter: '2026-11-24T12:00:00.000Z',
    notPulledSince: '2026-09-02T12:00:00.000Z',
  })
  assert.deepEqual(question({ pushed: 'older' }), {
    orderby: 'pushed desc',
    pushedBefore: '2025-12-01T12:00:00.000Z',
  })
})
