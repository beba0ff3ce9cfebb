import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRequestFacts } from '../records/request-facts.ts'
import { parseFault } from './fault.ts'
import { FaultSet, TooManyFaultsError, maxFaults } from './fault-set.ts'

const pull = readRequestFacts({
  method: 'GET',
  url: '/v2/team/app/manifests/1',
  authorization: `Basic ${Buffer.from('device:secret').toString('base64')}`,
  form: undefined,
})

function faultsWith(...documents: readonly unknown[]): FaultSet {
  const faults = new FaultSet()
  for (const document of documents) faults.add(parseFault(document))
  return faults
}

test('after a fault has affected its number of requests, it has no further effect and stays in the list', () => {
  const faults = faultsWith({ times: 2, then: { reset: true } })
  assert.deepEqual(faults.take(pull), { id: 'fault-1', effect: { reset: true } })
  assert.ok(!faults.isIdle)
  assert.notEqual(faults.take(pull), undefined)
  assert.equal(faults.take(pull), undefined)
  assert.ok(faults.isIdle)
  assert.deepEqual(faults.list(), [{ id: 'fault-1', match: {}, times: 2, then: { reset: true }, remaining: 0 }])
  assert.ok(faults.remove('fault-1'))
  assert.ok(!faults.remove('fault-1'))
})

test('the oldest matching fault affects a request', () => {
  const faults = faultsWith(
    { match: { method: 'PUT' }, then: { status: 500 } },
    { times: 1, then: { status: 501 } },
    { then: { status: 502 } },
  )
  assert.deepEqual(
    [faults.take(pull), faults.take(pull), faults.take(pull)].map((taken) => taken?.id),
    ['fault-2', 'fault-3', 'fault-3'],
  )
})

// prettier-ignore
const matches: readonly (readonly [object, boolean])[] = [
  [{ surface: 'registry' },           true],
  [{ surface: 'arm' },                false],
  [{ method: 'get' },                 true],
  [{ method: 'HEAD' },                false],
  [{ path: '/v2/*/manifests/*' },     true],
  [{ path: '/v2/*/blobs/*' },         false],
  [{ repository: 'team/app' },        true],
  [{ repository: 'team/*' },          true],
  [{ repository: 'app' },             false],
  [{ principal: 'device' },           true],
  [{ principal: 'token:DEVICE' },     true],
  [{ principal: 'dev*' },             false],
  [{ method: 'GET', surface: 'arm' }, false],
]

for (const [match, expected] of matches) {
  test(`a fault with ${JSON.stringify(match)} ${expected ? 'affects' : 'does not affect'} a pull`, () => {
    assert.equal(faultsWith({ match, then: { reset: true } }).take(pull) !== undefined, expected)
  })
}

test('the number of faults is limited, and a new fault replaces a fault that is used up', () => {
  const faults = faultsWith({ times: 1, then: { reset: true } })
  const other = parseFault({ match: { surface: 'arm' }, then: { reset: true } })
  while (faults.list().length < maxFaults) faults.add(other)
  assert.throws(() => faults.add(other), TooManyFaultsError)
  faults.take(pull)
  faults.add(other)
  assert.equal(faults.list().length, maxFaults)
  faults.restore([])
  assert.ok(faults.isIdle)
})

test('a snapshot keeps the faults, and the ids of faults are unique', () => {
  const faults = faultsWith({ then: { reset: true } }, { times: 3, then: { status: 500 } })
  const saved = structuredClone(faults.list())
  faults.add(parseFault({ then: { reset: true } }))
  faults.restore(saved)
  assert.deepEqual(faults.list(), saved)
  assert.equal(faults.add(parseFault({ then: { reset: true } })), 'fault-4')
  const another = new FaultSet()
  another.restore(saved)
  assert.equal(another.add(parseFault({ then: { reset: true } })), 'fault-3')
})
