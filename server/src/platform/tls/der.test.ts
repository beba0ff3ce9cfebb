import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentOf, element, elements, objectId } from './der.ts'

test('the length of an element is encoded with the minimum number of bytes', () => {
  const headers = { 5: '0405', 127: '047f', 128: '048180', 256: '04820100', 65536: '0483010000' }
  for (const [length, header] of Object.entries(headers)) {
    const content = Buffer.alloc(Number(length), 1)
    const encoded = element(0x04, content)
    assert.equal(encoded.subarray(0, header.length / 2).toString('hex'), header, length)
    assert.deepEqual(contentOf(encoded), content, length)
  }
})

test('the content of an element consists of its concatenated parts', () => {
  const parts = [element(0x04, Buffer.of(1)), element(0x02, Buffer.of(2))]
  assert.deepEqual(elements(contentOf(element(0x30, ...parts))), [
    { tag: 0x04, content: Buffer.of(1) },
    { tag: 0x02, content: Buffer.of(2) },
  ])
})

test('an object identifier is encoded in base 128', () => {
  assert.equal(objectId('2.5.29.30').toString('hex'), '0603551d1e')
  assert.equal(objectId('1.2.840.113549.1.7.1').toString('hex'), '06092a864886f70d010701')
  assert.equal(objectId('2.16.840.1.113894.746875.1.1').toString('hex'), '060c6086480186f966adca7b0101')
})
