import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestModules } from '../../testing/compose/test-modules.ts'

test('the modules can be created with a test database, with blobs in memory and without a data directory', async (t) => {
  const { modules, publicOrigin, close } = await openTestModules({ settings: { publicHost: 'registry.example' } })
  t.after(close)
  assert.equal(publicOrigin, 'https://registry.example')
  assert.deepEqual(await modules.resources.listSubscriptions(), [])
  assert.deepEqual(await modules.registry.usage('unknown'), { sizeBytes: 0, limitBytes: undefined })
})
