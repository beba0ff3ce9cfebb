import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageQuestion, isFiltered, parseRepositorySearch, tagOrder } from './repository-search.ts'

const nowMs = Date.parse('2026-12-01T12:34:56.789Z')
const question = (values: Readonly<Record<string, string>>) => imageQuestion(parseRepositorySearch(values), nowMs)

test('the images are in the order of the address, or the last push comes first', () => {
  assert.deepEqual(question({}), { orderby: 'pushed desc' })
  assert.deepEqual(question({ sort: 'name' }), { orderby: 'name asc' })
  assert.deepEqual(question({ sort: '-pulled' }), { orderby: 'pulled desc' })
  assert.deepEqual(question({ sort: 'digest' }), { orderby: 'pushed desc' }, 'the server cannot sort by it')
})

test('the filters of the address are those of the server, with a time of whole hours', () => {
  const filters = { filter: '2.1', by: 'ada', unused: 'true', unsigned: 'true', critical: 'true' }
  assert.deepEqual(question(filters), {
    orderby: 'pushed desc',
    filter: '2.1',
    pushedBy: 'ada',
    notPulledSince: '2026-11-01T12:00:00.000Z',
    unsigned: 'true',
    critical: 'true',
  })
  assert.equal(isFiltered(parseRepositorySearch(filters)), true)
  assert.equal(isFiltered(parseRepositorySearch({ sort: 'name' })), false)
})

test('tags are listed in the orders that the server has', () => {
  assert.deepEqual(tagOrder({}), { sort: undefined, order: 'newest' })
  assert.deepEqual(tagOrder({ sort: 'pushed' }), { sort: 'pushed', order: 'oldest' })
  assert.deepEqual(tagOrder({ sort: 'name' }), { sort: 'name', order: 'name' })
  assert.deepEqual(tagOrder({ sort: '-size' }), { sort: undefined, order: 'newest' })
})
