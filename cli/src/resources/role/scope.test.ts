import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Account } from '../../clients/session/account.ts'
import { requireNoneEmpty, scopeOf } from './scope.ts'

const account = { subscription: { id: 's' } } as unknown as Account

test('the scope is the scope in the flags, a resource group, or the subscription', () => {
  assert.equal(scopeOf(account, {}), '/subscriptions/s')
  assert.equal(scopeOf(account, { resourceGroup: 'g' }), '/subscriptions/s/resourceGroups/g')
  assert.equal(scopeOf(account, { scope: '/subscriptions/s/resourceGroups/g' }), '/subscriptions/s/resourceGroups/g')
  assert.equal(scopeOf(account, { scope: '/' }), '/', 'a scope above the subscriptions')
  assert.throws(() => scopeOf(account, { scope: '/subscriptions/s', resourceGroup: 'g' }), /"g" is redundant/)
  assert.throws(() => scopeOf(account, { scope: '/subscriptions/s/x' }), /Invalid scope/)
})

test('an empty option, which would select everything, is rejected', () => {
  requireNoneEmpty({ scope: '/', assignee: 'ada' })
  assert.throws(() => requireNoneEmpty({ assignee: '' }), /--assignee can't be an empty string/)
  assert.throws(() => requireNoneEmpty({ resourceGroup: '' }), /--resource-group/)
})
