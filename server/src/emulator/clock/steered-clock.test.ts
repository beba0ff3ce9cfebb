import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedClock } from '../../platform/process/shared-clock.ts'
import { ClockInputError } from './clock-input.ts'
import { createClockControl } from './clock-control.ts'
import { SteeredClock } from './steered-clock.ts'

const hourMs = 3_600_000
const newYearMs = Date.UTC(2027, 0, 1)

function open(startMs?: number) {
  const machine = { nowMs: 1_000_000 }
  const steered = new SteeredClock(startMs, { now: () => machine.nowMs })
  return { machine, steered, now: () => steered.clock.now() }
}

test('a steered clock has the time of the machine until a change', () => {
  const { machine, steered, now } = open()
  machine.nowMs += 5
  assert.equal(now(), machine.nowMs)
  assert.deepEqual(steered.document(), { now: new Date(machine.nowMs).toISOString(), frozen: false })
})

test('a steered clock starts at the given time and runs from this time', () => {
  const { machine, now } = open(newYearMs)
  assert.equal(now(), newYearMs)
  machine.nowMs += 5
  assert.equal(now(), newYearMs + 5)
})

test('a steered clock advances while it runs and while it is frozen', () => {
  const { machine, steered, now } = open(newYearMs)
  assert.equal(steered.advance(3 * hourMs), 'forward')
  machine.nowMs += 5
  assert.equal(now(), newYearMs + 3 * hourMs + 5)
  steered.set({ nowMs: undefined, frozen: true })
  machine.nowMs += 5
  assert.equal(now(), newYearMs + 3 * hourMs + 5)
  steered.advance(hourMs)
  machine.nowMs += 5
  assert.equal(now(), newYearMs + 4 * hourMs + 5)
  steered.set({ nowMs: undefined, frozen: false })
  machine.nowMs += 5
  assert.equal(now(), newYearMs + 4 * hourMs + 10)
})

test('a steered clock that is set remains frozen or running, and reports when it is set back', () => {
  const { machine, steered, now } = open()
  steered.set({ nowMs: undefined, frozen: true })
  assert.equal(steered.set({ nowMs: newYearMs, frozen: undefined }), 'forward')
  machine.nowMs += 5
  assert.deepEqual(steered.document(), { now: '2027-01-01T00:00:00.000Z', frozen: true })
  assert.equal(steered.set({ nowMs: newYearMs - hourMs, frozen: false }), 'back')
  machine.nowMs += 5
  assert.equal(now(), newYearMs - hourMs + 5)
})

test('a steered clock rejects a time outside its range, and keeps its time', () => {
  const { steered, now } = open(newYearMs)
  assert.throws(() => steered.advance(9000 * 366 * 24 * hourMs), ClockInputError)
  assert.equal(now(), newYearMs)
})

test('a restored clock has its saved time, or the time of the machine if it was saved with the time of the machine', () => {
  const { machine, steered, now } = open()
  const first = steered.save()
  steered.set({ nowMs: newYearMs, frozen: true })
  const second = steered.save()
  steered.advance(hourMs)
  machine.nowMs += 5
  steered.restore(second)
  assert.deepEqual(steered.document(), { now: '2027-01-01T00:00:00.000Z', frozen: true })
  steered.restore(JSON.parse(JSON.stringify(first)))
  assert.equal(now(), machine.nowMs)
})

test('without a saved time, a clock returns to its start time', () => {
  const { steered, now } = open(newYearMs)
  steered.set({ nowMs: newYearMs + hourMs, frozen: true })
  steered.restore(undefined)
  assert.deepEqual(steered.document(), { now: '2027-01-01T00:00:00.000Z', frozen: false })
  assert.equal(now(), newYearMs)
})

test('the clock of the control API answers when other threads use the new time and the due jobs have run', async () => {
  const { steered } = open(newYearMs)
  const { memory, machine } = steered.clock
  assert.ok(memory)
  const ofWorker = sharedClock(memory, machine)
  const seen: unknown[] = []
  const control = createClockControl(steered, async (move) => {
    await Promise.resolve()
    seen.push([move, ofWorker.now()])
  })
  assert.deepEqual(control.read(), { now: '2027-01-01T00:00:00.000Z', frozen: false })
  assert.deepEqual(await control.advance({ by: '3h' }), { now: '2027-01-01T03:00:00.000Z', frozen: false })
  assert.deepEqual(await control.change({ now: '2027-01-01', frozen: true }), {
    now: '2027-01-01T00:00:00.000Z',
    frozen: true,
  })
  assert.deepEqual(seen, [
    ['forward', newYearMs + 3 * hourMs],
    ['back', newYearMs],
  ])
  await assert.rejects(async () => control.advance({ by: 3 }), ClockInputError)
})
