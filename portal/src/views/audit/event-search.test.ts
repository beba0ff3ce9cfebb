import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listCommand } from './audit-command.ts'
import { parseEventSearch } from './event-search.ts'

test('the search of an address has texts and times, and nothing else', () => {
  const found = parseEventSearch({
    principal: ' ada ',
    id: '1',
    address: ['127.0.0.1'],
    from: '2026-11-24',
    to: 'yesterday',
    outcome: 'x',
    other: 'y',
  })
  assert.deepEqual(found, { principal: 'ada', id: '1', from: '2026-11-24T00:00:00.000Z' })
  assert.deepEqual(parseEventSearch({ from: '+275760-09-13', to: '-000001-01-01T00:00:00Z', outcome: ['refused'] }), {})
  assert.deepEqual(parseEventSearch({ action: 'x'.repeat(201), outcome: 'refused' }), { outcome: 'refused' })
})

test('the command of a search quotes what a shell would read', () => {
  const command = listCommand('contoso.example', '', { principal: "a'b", outcome: 'refused' })
  assert.equal(command, `acrux audit list -n contoso.example --principal 'a'\\''b' --outcome refused`)
  assert.equal(listCommand(undefined, 'https://a.example', {}), 'acrux audit list --server https://a.example')
})
