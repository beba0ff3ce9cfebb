import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findProven } from './find-proven.ts'
import { StorageUnavailableError } from './errors.ts'
import { newLocation } from './location.ts'

const location = newLocation(`sha256:${'0'.repeat(64)}`, 'an-upload')

test('a blob is missing only if two looks do not find it and the store is verified after each look', async () => {
  const calls: string[] = []
  const storeOf = (verifications: readonly boolean[]) => {
    const left = [...verifications]
    calls.length = 0
    return {
      find: async () => {
        calls.push('find')
        return undefined
      },
      requireSelf: async () => {
        calls.push('verify')
        if (left.shift() === false) throw new StorageUnavailableError('this is another store')
      },
    }
  }
  assert.equal(await findProven(storeOf([true, true]), location), undefined)
  assert.deepEqual(calls, ['find', 'verify', 'find', 'verify'])
  await assert.rejects(findProven(storeOf([false]), location), StorageUnavailableError)
  assert.deepEqual(calls, ['find', 'verify'])
  await assert.rejects(findProven(storeOf([true, false]), location), StorageUnavailableError)
})
