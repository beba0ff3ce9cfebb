import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EntraError } from '../tokens/errors.ts'
import { createDevicePolls } from './device-polls.ts'
import type { Handle } from './handles.ts'

test('a device that polled under a clock that was ahead may poll when the clock is corrected', () => {
  const time = { nowMs: 1_700_000_000_000 }
  const polls = createDevicePolls({ now: () => time.nowMs })
  const device = { hash: 'h' } as Handle<'device_code'>
  time.nowMs += 24 * 60 * 60 * 1000
  polls.pace(device)
  assert.throws(() => polls.pace(device), EntraError)
  time.nowMs -= 24 * 60 * 60 * 1000
  polls.pace(device)
  assert.throws(() => polls.pace(device), EntraError)
})

test('a device may poll at its pace while a steered clock is frozen', () => {
  const machine = { nowMs: 1_700_000_000_000 }
  const polls = createDevicePolls({ now: () => 0, machine: { now: () => machine.nowMs } })
  const device = { hash: 'h' } as Handle<'device_code'>
  for (let poll = 0; poll < 3; poll += 1) {
    polls.pace(device)
    machine.nowMs += 5000
  }
})
