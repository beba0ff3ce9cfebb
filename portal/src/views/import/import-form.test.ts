import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyForm, importCommand, isComplete, orderOf, parseImportSearch } from './import-form.ts'

const form = { ...emptyForm, source: 'ghcr.io', image: 'team/app:1', target: 'mirror/app:1' }

test('an import needs a registry, an image and a target with a tag', () => {
  assert.equal(isComplete(form), true)
  for (const change of [{ source: 'https://ghcr.io' }, { image: 'Team/app' }, { target: 'mirror/app' }, { target: '' }])
    assert.equal(isComplete({ ...form, ...change }), false, JSON.stringify(change))
})

test('the order has credentials only with a password, and the command never has them', () => {
  assert.equal(orderOf({ ...form, user: 'me' }).credentials, undefined)
  const withPassword = { ...form, user: 'me', password: 'secret', force: true }
  assert.deepEqual(orderOf(withPassword).credentials, { username: 'me', password: 'secret' })
  const command = importCommand('contoso', withPassword)
  assert.equal(command, 'az acr import --name contoso --source ghcr.io/team/app:1 --image mirror/app:1 --force')
})

test('an address cannot make the page ask another address for the state of an import', () => {
  const id = '01234567-0123-4123-8123-0123456789ab'
  const operation = `/subscriptions/${id}/providers/Microsoft.ContainerRegistry/locations/local/operationResults/registries-${id}`
  assert.deepEqual(parseImportSearch({ operation, target: 'a:1' }), { operation, target: 'a:1' })
  for (const wrong of ['//evil.example/x', `${operation}/..`, `https://evil.example${operation}`, 7])
    assert.deepEqual(parseImportSearch({ operation: wrong, target: '<b>' }), {})
})
