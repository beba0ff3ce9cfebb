import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  type AccessScope,
  covers,
  formatAccessScope,
  intersectAccess,
  parseAccessScopes,
  repositoryActions,
} from './access-scope.ts'

const scope = (type: string, name: string, ...actions: string[]): AccessScope => ({ type, name, actions })
const app = (...actions: string[]): AccessScope => scope('repository', 'team/app', ...actions)

test('access scopes are parsed in every spelling that clients use', () => {
  const other = scope('repository', 'b', 'pull')
  // prettier-ignore
  const cases: readonly { values: readonly string[]; scopes: readonly AccessScope[]; why: string }[] = [
    { values: [], scopes: [], why: 'a log-in asks for nothing' },
    { values: [''], scopes: [], why: 'an empty parameter' },
    { values: ['repository:team/app:pull'], scopes: [app('pull')], why: 'the usual one' },
    { values: ['repository:team/app:push,pull'], scopes: [app('pull', 'push')], why: 'actions are sorted' },
    { values: ['repository:team/app:pull,pull'], scopes: [app('pull')], why: 'actions are unique' },
    { values: ['repository:team/app:pull', 'repository:b:pull'], scopes: [app('pull'), other], why: 'repeated parameters' },
    { values: ['repository:team/app:pull repository:b:pull'], scopes: [app('pull'), other], why: 'a list' },
    { values: ['  repository:team/app:pull   repository:b:pull '], scopes: [app('pull'), other], why: 'blanks' },
    { values: ['repository:team/app:push repository:b:pull', 'repository:team/app:pull'], scopes: [app('pull', 'push'), other], why: 'merged where it was first seen' },
    { values: ['repository(plugin):team/app:pull'], scopes: [app('pull')], why: 'the class says nothing' },
    { values: ['repository(plugin):team/app:pull repository:team/app:push'], scopes: [app('pull', 'push')], why: 'with a class it is the same thing' },
    { values: ['registry:catalog:*'], scopes: [scope('registry', 'catalog', '*')], why: 'the catalog' },
    { values: ['registry:deleted_catalog:*'], scopes: [scope('registry', 'deleted_catalog', '*')], why: 'what az asks for soft-deleted ones' },
    { values: ['registry:None:*'], scopes: [scope('registry', 'None', '*')], why: 'what az check-health asks for, and must not be an error' },
    { values: ['artifact-repository:repo:pull'], scopes: [scope('artifact-repository', 'repo', 'pull')], why: 'the old Helm interface' },
    { values: ['repository:*:*'], scopes: [scope('repository', '*', '*')], why: 'what acr-cli asks for' },
    { values: ['repository:reg.example:5000/app:pull'], scopes: [scope('repository', 'reg.example:5000/app', 'pull')], why: 'a name with one colon' },
    { values: ['repository:team/app:metadataRead'], scopes: [app('metadata_read')], why: 'az previews of 2019' },
    { values: ['repository:team/app:metadata_read,pull'], scopes: [app('metadata_read', 'pull')], why: 'what SDKs ask for' },
  ]
  for (const { values, scopes, why } of cases) assert.deepEqual(parseAccessScopes(values), scopes, why)
})

test('a malformed access scope is dropped, and never extends another', () => {
  // prettier-ignore
  const cases: readonly { text: string; why: string }[] = [
    { text: 'repository', why: 'no colon' },
    { text: 'repository:team/app', why: 'one colon' },
    { text: 'repository:team/app:', why: 'no action' },
    { text: 'repository:team/app:,', why: 'no action' },
    { text: 'repository::pull', why: 'no name' },
    { text: ':team/app:pull', why: 'no type' },
    { text: '::', why: 'nothing at all' },
    { text: 'repository:Team/App:pull', why: 'no repository name' },
    { text: 'repository:team/../app:pull', why: 'no repository name' },
    { text: 'repository:team/*:pull', why: 'a wildcard within a name' },
    { text: 'repository:a:b:c:pull', why: 'two colons in the name' },
    { text: 'repository:a:b:pull', why: 'a colon that ends no host' },
    { text: 'repository:team/app:fly', why: 'an action nobody has' },
    { text: 'repository:team/app:PULL', why: 'actions have a case' },
    { text: 'Repository:team/app:pull', why: 'types have a case' },
    { text: 'repository(:team/app:pull', why: 'half a class' },
    { text: 'repository(a)(b):team/app:pull', why: 'two classes' },
    { text: 'repository:team/app\t:pull', why: 'a tab does not separate' },
    { text: 'registry:cata"log:*', why: 'a quote' },
    { text: `registry:${'a'.repeat(400)}:*`, why: 'a name without end' },
    { text: `registry:catalog:${'a'.repeat(40)}`, why: 'an action without end' },
    { text: 'registry:catalog:__proto__', why: 'an action that begins with an underscore' },
  ]
  for (const { text, why } of cases) {
    assert.deepEqual(parseAccessScopes([text, 'repository:b:pull']), [scope('repository', 'b', 'pull')], why)
  }
})

test('a scope with unknown actions keeps the known ones', () => {
  assert.deepEqual(parseAccessScopes(['repository:team/app:fly,pull,,']), [app('pull')])
})

test('more than 500 scopes or 64 KiB are ignored', () => {
  const many = Array.from({ length: 600 }, (_, index) => `repository:a${index}:pull`)
  assert.equal(parseAccessScopes([many.join(' ')]).length, 500)
  assert.deepEqual(parseAccessScopes([...many, 'repository:a0:push'])[0]?.actions, ['pull', 'push'], 'merging goes on')
  assert.deepEqual(parseAccessScopes(['repository:a:pull', ' '.repeat(70_000), 'repository:b:pull']).length, 1)
})

const names = fc.constantFrom('a', 'a/b', 'c')
const actions = fc.uniqueArray(fc.constantFrom(...repositoryActions, '*'), { minLength: 1, maxLength: 4 })
const scopes = fc.array(fc.record({ type: fc.constant('repository'), name: names, actions }), { maxLength: 6 })

test('order, repetition and splitting of scopes never change the result', () => {
  fc.assert(
    fc.property(scopes, fc.boolean(), (asked, isJoined) => {
      const texts = asked.map(formatAccessScope)
      const straight = parseAccessScopes(texts)
      const twisted = [...texts, ...texts].reverse()
      const sorted = (list: readonly AccessScope[]): string[] => list.map(formatAccessScope).sort()
      assert.deepEqual(sorted(parseAccessScopes(isJoined ? [twisted.join(' ')] : twisted)), sorted(straight))
      assert.deepEqual(parseAccessScopes(straight.map(formatAccessScope)), straight, 'reading is stable')
    }),
  )
})

test('an intersection contains only access that is both requested and allowed', () => {
  // prettier-ignore
  const cases: readonly { asked: AccessScope[]; allowed: AccessScope[]; granted: AccessScope[]; why: string }[] = [
    { asked: [app('pull', 'push')], allowed: [app('pull')], granted: [app('pull')], why: 'less than asked' },
    { asked: [app('pull')], allowed: [app('pull', 'push')], granted: [app('pull')], why: 'no more than asked' },
    { asked: [app('push')], allowed: [app('pull')], granted: [], why: 'nothing' },
    { asked: [app('pull')], allowed: [], granted: [], why: 'nothing is allowed' },
    { asked: [app('*')], allowed: [app('pull', 'delete')], granted: [app('delete', 'pull')], why: 'asks for whatever there is' },
    { asked: [app('pull')], allowed: [app('*')], granted: [app('pull')], why: 'allows whatever is asked' },
    { asked: [app('*')], allowed: [app('*')], granted: [app('*')], why: 'everything' },
    { asked: [app('pull', 'push')], allowed: [app('pull'), app('push')], granted: [app('pull', 'push')], why: 'allowed in two rows' },
    { asked: [app('pull')], allowed: [scope('registry', 'team/app', 'pull')], granted: [], why: 'another type' },
    { asked: [app('pull')], allowed: [scope('repository', 'team', '*')], granted: [], why: 'another name, though a prefix' },
    { asked: [app('pull')], allowed: [scope('repository', '*', '*')], granted: [], why: 'names have no wildcard' },
  ]
  for (const { asked, allowed, granted, why } of cases) assert.deepEqual(intersectAccess(asked, allowed), granted, why)
})

test('both sides cover everything that their intersection covers', () => {
  fc.assert(
    fc.property(scopes, scopes, names, fc.constantFrom(...repositoryActions), (asked, allowed, name, action) => {
      const both = covers(asked, 'repository', name, [action]) && covers(allowed, 'repository', name, [action])
      assert.equal(covers(intersectAccess(asked, allowed), 'repository', name, [action]), both)
    }),
  )
})

test('a grant covers only its own actions on its own name', () => {
  // prettier-ignore
  const cases: readonly { granted: AccessScope[]; name: string; actions: string[]; covered: boolean; why: string }[] = [
    { granted: [app('pull')], name: 'team/app', actions: ['pull'], covered: true, why: 'granted' },
    { granted: [app('pull')], name: 'team/app', actions: ['pull', 'push'], covered: false, why: 'one is missing' },
    { granted: [app('pull'), app('push')], name: 'team/app', actions: ['pull', 'push'], covered: true, why: 'in two rows' },
    { granted: [app('*')], name: 'team/app', actions: ['delete'], covered: true, why: 'a star is every action' },
    { granted: [app('pull')], name: 'team/app', actions: ['*'], covered: false, why: 'every action is more than one' },
    { granted: [app('*')], name: 'team', actions: ['pull'], covered: false, why: 'another name' },
    { granted: [app('*')], name: 'team/app/x', actions: ['pull'], covered: false, why: 'another name' },
    { granted: [scope('repository', '*', '*')], name: 'team/app', actions: ['pull'], covered: false, why: 'names have no wildcard' },
    { granted: [], name: 'team/app', actions: ['pull'], covered: false, why: 'no grant' },
    { granted: [app('*')], name: 'team/app', actions: [], covered: false, why: 'asking for nothing is a mistake of the caller' },
  ]
  for (const { granted, name, actions, covered, why } of cases) {
    assert.equal(covers(granted, 'repository', name, actions), covered, why)
  }
  assert.equal(covers([app('*')], 'registry', 'team/app', ['pull']), false, 'another type')
})
