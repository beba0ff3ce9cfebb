import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOneTimeLinks } from './one-time-links.ts'

const code = 'A'.repeat(43)

function linksWith(rows: (object | undefined)[]) {
  const user = { objectId: 'u', enabled: true, external: false }
  return createOneTimeLinks({
    store: { findByHash: async () => rows.shift() },
    authentication: { find: async () => user },
    clock: { now: () => 1000 },
  } as unknown as Parameters<typeof createOneTimeLinks>[0])
}

test('a one-time link is not accepted if it is removed while the server reads its holder', async () => {
  const row = { holder_id: 'u', expires_at_ms: 2000 }
  assert.ok((await linksWith([row, row]).holderOf(code)) !== undefined)
  assert.equal(await linksWith([row, undefined]).holderOf(code), undefined)
  assert.equal(await linksWith([{ ...row, expires_at_ms: 1000 }, row]).holderOf(code), undefined)
})
