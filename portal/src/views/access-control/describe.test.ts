import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lossTexts, repositoriesText, scopeText } from './describe.ts'
import { conditionOf } from './plan-assignments.ts'

const subscription = '/subscriptions/01234567-0123-4123-8123-0123456789ab'
const registryId = `${subscription}/resourceGroups/acrux/providers/Microsoft.ContainerRegistry/registries/contoso`

test('a scope is named by what it is, and the registry of the view is “this registry”', () => {
  assert.equal(scopeText(registryId.toUpperCase(), registryId), 'This registry')
  assert.equal(scopeText(registryId), 'Registry contoso')
  assert.equal(scopeText(`${subscription}/resourceGroups/acrux`), 'Resource group acrux')
  assert.equal(scopeText(subscription), 'Subscription')
})

test('a condition is described by its repositories, if it is understood', () => {
  const condition = conditionOf({
    kind: 'patterns',
    patterns: [
      { kind: 'name', text: 'team/app' },
      { kind: 'prefix', text: 'base/' },
    ],
  })
  assert.equal(repositoriesText('Container Registry Repository Reader', condition), 'team/app, base/*')
  assert.equal(repositoriesText(undefined, '@Resource[x:y] BoolEquals true'), 'Custom condition')
  assert.equal(repositoriesText('AcrPull', null), undefined)
})

test('what a condition excludes is described, if the role has it', () => {
  const repositories = 'Microsoft.ContainerRegistry/registries/repositories'
  const noPush = `!(ActionMatches{'${repositories}/content/write'})`
  const named = `@Request[${repositories}:name] StringEqualsIgnoreCase 'team/app'`
  const writer = 'Container Registry Repository Writer'
  assert.equal(repositoriesText(writer, noPush), 'all repositories (except push)')
  assert.equal(repositoriesText(undefined, noPush), 'all repositories (except push)')
  assert.equal(repositoriesText(writer, `(${noPush} AND ${named})`), 'team/app (except push)')
  assert.equal(repositoriesText('Container Registry Repository Reader', `(${noPush} AND ${named})`), 'team/app')
})

test('what is lost is listed once for each place', () => {
  const lost = [
    { capability: 'pull', where: 'all repositories' },
    { capability: 'push', where: 'all repositories' },
    { capability: 'list', where: 'team/*' },
  ] as const
  assert.deepEqual(lossTexts(lost), ['pull, push: all repositories', 'list: team/*'])
})
