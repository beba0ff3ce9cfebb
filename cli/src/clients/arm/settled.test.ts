import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandFailure } from '../../framework/command/failure.ts'
import { settled } from './settled.ts'

const inState = (provisioningState: string) => ({ properties: { provisioningState } })

test('a resource is read until its state is final', async () => {
  const states = ['Updating', 'Succeeded']
  const read = async () => inState(states.shift() ?? '')
  assert.deepEqual(await settled(inState('Creating'), read, { intervalMs: 1, maxMs: 60_000 }), inState('Succeeded'))
  assert.deepEqual(states, [])
  assert.deepEqual(await settled({}, read), {}, 'one without a state is final')
})

test('a resource whose state never becomes final is not read forever', async () => {
  let reads = 0
  const read = async () => {
    reads += 1
    return inState('Creating')
  }
  await assert.rejects(settled(inState('Creating'), read, { intervalMs: 1, maxMs: 20 }), (error) => {
    assert.ok(error instanceof CommandFailure)
    assert.match(error.message, /still in the state Creating/)
    return true
  })
  assert.ok(reads > 0)
})
