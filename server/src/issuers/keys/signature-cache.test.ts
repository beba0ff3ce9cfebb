import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { createSignatureCache } from './signature-cache.ts'

const newKey = () => generateKeyPairSync('ed25519').publicKey

test('the signature cache verifies once for a key and a text, and again for another key or text', async () => {
  const hasSigned = createSignatureCache()
  const verified: string[] = []
  const ask = (key: ReturnType<typeof newKey>, name: string, text: string) =>
    hasSigned(key, text, async () => {
      verified.push(`${name} ${text}`)
      return true
    })
  const [one, other] = [newKey(), newKey()]
  for (const _again of [1, 2]) assert.ok(await ask(one, 'one', 'text'))
  await ask(one, 'one', 'texT')
  await ask(other, 'other', 'text')
  assert.deepEqual(verified, ['one text', 'one texT', 'other text'])
})

test('the signature cache stores no invalid signatures', async () => {
  const hasSigned = createSignatureCache()
  const key = newKey()
  assert.equal(await hasSigned(key, 'text', async () => false), false)
  assert.equal(await hasSigned(key, 'text', async () => false), false)
  assert.equal(await hasSigned(key, 'text', async () => true), true)
  await assert.rejects(
    hasSigned(key, 'other', async () => {
      throw new Error('failed')
    }),
  )
  assert.equal(await hasSigned(key, 'other', async () => false), false)
})

test('the signature cache is bounded and deletes the oldest entries', async () => {
  const hasSigned = createSignatureCache()
  const key = newKey()
  for (let index = 0; index <= 20_000; index += 1) await hasSigned(key, String(index), async () => true)
  assert.equal(await hasSigned(key, '20000', async () => false), true)
  assert.equal(await hasSigned(key, '0', async () => false), false)
})
