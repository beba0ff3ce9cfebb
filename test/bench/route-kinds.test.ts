import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attacks } from './attacks.ts'
import { allRoutes, fillUrl, measuredRoutes, notMeasured, withoutOwner } from './route-kinds.ts'

test('the fairness bench measures every route, or excludes it with a reason', () => {
  const routes = allRoutes()
  assert.ok(routes.length > 250, `${routes.length} routes`)
  const ids = new Set(routes.map(({ id }) => id))
  assert.equal(ids.size, routes.length)
  for (const [id, reason] of Object.entries({ ...notMeasured, ...withoutOwner })) {
    assert.ok(ids.has(id), `${id} is excluded, but is no route`)
    assert.ok(reason.split(' ').length > 3, id)
  }
  for (const kind of measuredRoutes()) {
    const { roles } = attacks[`route ${kind.id}`] ?? assert.fail(`${kind.id} is not measured`)
    assert.deepEqual(roles, kind.id in withoutOwner ? ['anonymous'] : ['anonymous', 'owner'], kind.id)
    assert.doesNotMatch(fillUrl(kind, {}), /[{}]/)
  }
  assert.ok(Object.keys(notMeasured).length * 20 < routes.length, 'few routes are excluded')
})

test('the fairness bench measures routes of every surface', () => {
  const surfaces = new Set(measuredRoutes().map(({ id }) => id.split('.')[0]))
  assert.deepEqual(
    [...surfaces].toSorted((one = '', other = '') => one.localeCompare(other)),
    ['account', 'authority', 'graph', 'health', 'identity', 'management', 'portal', 'registry', 'sign-in', 'token'],
  )
})
