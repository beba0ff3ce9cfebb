import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attacks } from './attacks.ts'
import { allRoutes, fillPath, measuredRoutes, notMeasured } from './route-kinds.ts'

test('the fairness bench measures every route, or excludes it with a reason', () => {
  const routes = allRoutes()
  assert.ok(routes.length > 250, `${routes.length} routes`)
  const ids = new Set(routes.map(({ id }) => id))
  assert.equal(ids.size, routes.length)
  for (const [id, reason] of Object.entries(notMeasured)) {
    assert.ok(ids.has(id), `${id} is excluded, but is no route`)
    assert.ok(reason.split(' ').length > 3, id)
  }
  for (const { id, path } of measuredRoutes()) {
    assert.ok(`route ${id}` in attacks, id)
    assert.doesNotMatch(fillPath(path, {}), /[{}]/)
  }
  assert.ok(Object.keys(notMeasured).length * 20 < routes.length, 'few routes are excluded')
})
