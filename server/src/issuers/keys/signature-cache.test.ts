import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { createSignatureCache } from './signature-cache.ts'

const newKey = () => generateKeyPairSync('ed25519').publicKey

test('the memory of signatures asks once for a key and a text, and again for another of either', async () => {
  const memory = createSignatureCache()
  const asked: string[] = []
  const ask = (key: ReturnType<typeof newKey>, name: string, text: string) =>
    memory(key, text, async () => {
      asked.push(`${name} ${text}`)
      return true
    })
  const [one, other] = [newKey(), newKey()]
  for (const _again of [1, 2]) assert.ok(await ask(one, 'one', 'text'))
  await ask(one, 'one', 'texT')
  await ask(other, 'other', 'text')
  assert.deepEqual(asked, ['one text', 'one texT', 'other text'])
})

test('the memory of signatures keeps nothing of what did not hold', async () => {
  const memory = createSignatureCache()
  const key = newKey()
  assert.equal(await memory(key, 'text', async () => false), false)
  assert.equal(await memory(key, 'text', async () => false), false)
  assert.equal(await memory(key, 'text', async () => true), true)
  await assert.rejects(
    memory(key, 'other', async () => {
      throw new Error('failed')
    }),
  )
  assert.equal(await memory(key, 'other', async () => false), false)
})

test('the memory of signatures forgets the oldest, and holds a bounded number', async () => {
  const memory = createSignatureCache()
  const key = newKey()
  for (let index = 0; index <= 20_000; index += 1) await memory(key, String(index), async () => true)
  assert.equal(await memory(key, '20000', async () => false), true)
  assert.equal(await memory(key, '0', async () => false), false)
})
