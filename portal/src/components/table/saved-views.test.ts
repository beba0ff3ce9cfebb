import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseViews, withView, withoutView } from './saved-views.ts'

test('a view is stored under its name, replaced and removed', () => {
  const one = withView({}, 'Not pulled', '?unused=true')
  const two = withView(one, 'Largest', '?sort=-size')
  assert.deepEqual(parseViews(JSON.stringify(two)), { 'Not pulled': '?unused=true', Largest: '?sort=-size' })
  assert.deepEqual(withView(two, 'Largest', '?sort=size')['Largest'], '?sort=size')
  assert.deepEqual(withoutView(two, 'Not pulled'), { Largest: '?sort=-size' })
})

test('text that is no stored view is ignored', () => {
  for (const text of [null, '', '{', '[]', 'null', '7', '{"a":1}']) assert.deepEqual(parseViews(text), {})
})
