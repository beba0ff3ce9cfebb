import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  each,
  groupScope,
  newRegistry,
  openTestManagement,
  publicOrigin,
  registryPath,
  roleGuids,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())
const secondGroup = `${subscriptionScope}/resourceGroups/second`
await arm('PUT', secondGroup, { location: 'local' })
const names = ['alpha', 'bravo', 'Charlie', 'delta', 'echo1']
for (const name of names) await arm('PUT', registryPath(name), newRegistry())
for (const name of ['alpha2', 'zulu2']) await arm('PUT', registryPath(name, secondGroup), newRegistry())
const registries = 'providers/Microsoft.ContainerRegistry/registries'

/** Every page from a first one on, as its names. */
async function pages(url: string, token?: string, between: () => Promise<unknown> = () => Promise.resolve()) {
  const found: unknown[][] = []
  let next: string | undefined = url
  while (next !== undefined) {
    const answer = await arm('GET', next, undefined, token === undefined ? {} : { token })
    assert.equal(answer.status, 200, answer.text)
    found.push(each(answer, 'name'))
    const link = at(answer.body, 'nextLink')
    assert.ok(link === undefined || (typeof link === 'string' && link.startsWith(`${publicOrigin}/`)))
    next = typeof link === 'string' ? link.slice(publicOrigin.length) : undefined
    await between()
  }
  return found
}

test('a list has pages of $top items, and nextLink leads through all of them', async () => {
  const url = (top: number) => `${groupScope}/${registries}?api-version=2025-03-01-preview&$top=${top}`
  assert.deepEqual(await pages(url(2)), [['alpha', 'bravo'], ['Charlie', 'delta'], ['echo1']])
  assert.deepEqual(await pages(url(5)), [names])
  assert.deepEqual(
    await pages(url(1)),
    names.map((name) => [name]),
  )
  assert.deepEqual(await pages(`${groupScope}/${registries}?API-Version=1&%24TOP=4`), [names.slice(0, 4), ['echo1']])
  const all = await pages(`${subscriptionScope}/${registries}?api-version=1&$top=3`)
  assert.deepEqual(new Set(all.flat()), new Set([...names, 'alpha2', 'zulu2']))
})

test('a filter applies to every page', async () => {
  const filter = encodeURIComponent(
    "resourceType eq 'Microsoft.ContainerRegistry/registries' and resourceGroup eq 'second'",
  )
  const url = `${subscriptionScope}/resources?$filter=${filter}&$top=1&api-version=2024-11-01`
  assert.deepEqual(await pages(url), [['alpha2'], ['zulu2']])
})

test('a page contains only resources that its reader may see', async () => {
  const reader = await server.principalWith(roleGuids.reader, registryPath('delta'))
  const url = `${subscriptionScope}/${registries}?api-version=1&$top=1`
  assert.deepEqual(await pages(url, reader.token), [['delta']])
})

test('a resource that is deleted between two pages does not hide others', async () => {
  await arm('PUT', registryPath('aaaaa'), newRegistry())
  const found = await pages(`${groupScope}/${registries}?api-version=1&$top=2`, undefined, () =>
    arm('DELETE', registryPath('alpha')),
  )
  assert.deepEqual(found.flat(), ['aaaaa', 'alpha', 'bravo', 'Charlie', 'delta', 'echo1'])
})

test('an invalid $top or $skiptoken is rejected', async () => {
  const list = `${groupScope}/${registries}?api-version=1`
  const token = (text: string) => `$skiptoken=${Buffer.from(text).toString('base64url')}`
  for (const query of [
    '$top=0',
    '$top=-1',
    '$top=1001',
    '$top=1e3',
    '$top=',
    '$top=1&$top=2',
    '$skiptoken=',
    '$skiptoken=..',
    token('x'),
  ]) {
    const answer = await arm('GET', `${list}&${query}`)
    assert.equal(answer.status, 400, query)
    assert.equal(codeOf(answer), 'BadRequest')
  }
  assert.deepEqual(each(await arm('GET', `${list}&${token('/zzz')}`)), [])
})

test('every list of resources is paged', async () => {
  const lists = [
    '/subscriptions',
    `${subscriptionScope}/resourceGroups`,
    `${subscriptionScope}/resources`,
    `${registryPath('bravo')}/scopeMaps`,
    `${subscriptionScope}/providers/Microsoft.Authorization/roleDefinitions`,
    `${subscriptionScope}/providers/Microsoft.Authorization/roleAssignments`,
  ]
  for (const path of lists) {
    const whole = each(await arm('GET', `${path}?api-version=1`), 'name')
    const cut = (await pages(`${path}?api-version=1&$top=1`)).map((page) => page[0])
    assert.deepEqual(new Set(cut), new Set(whole), path)
    assert.equal(cut.length, whole.length, path)
  }
})
