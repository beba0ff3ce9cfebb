import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { at, newRegistry, openTestManagement, registryPath } from '../../../testing/management/test-management.ts'

const registry = registryPath('contoso')
const actions = ['repositories/team/app/content/read']

for (const kind of testDatabaseKinds) {
  describe(`concurrent changes of scope maps and tokens, on ${kind}`, () => {
    test('leave no token without its scope map', async (t) => {
      const server = await openTestManagement(kind)
      t.after(() => server.close())
      const { arm } = server
      await arm('PUT', registry, newRegistry())
      for (let round = 0; round < 10; round++) {
        const map = `${registry}/scopeMaps/map-${round}`
        const token = `${registry}/tokens/token-${round}`
        assert.equal((await arm('PUT', map, { properties: { actions } })).status, 200)
        const requests = [
          () => arm('DELETE', map),
          () => arm('PUT', token, { properties: { scopeMapId: map } }),
          () =>
            arm('PUT', `${registry}/providers/Acrux.Server/anonymousAccess/default`, {
              properties: { scopeMapId: map },
            }),
        ]
        const order = round % 2 === 0 ? requests : requests.toReversed()
        const answers = await Promise.all(order.map((send) => send()))
        for (const { status, text } of answers) assert.ok([200, 201, 400, 409].includes(status), text)
        const isThere = (await arm('GET', map)).status === 200
        const users = [
          await arm('GET', token),
          await arm('GET', `${registry}/providers/Acrux.Server/anonymousAccess/default`),
        ]
        const named = users.filter(({ body }) => at(body, 'properties', 'scopeMapId') === map).length
        assert.equal(isThere, named > 0, 'the map is there exactly where something names it')
        await arm('DELETE', `${registry}/providers/Acrux.Server/anonymousAccess/default`)
      }
    })

    test('create no more tokens than the SKU allows', async (t) => {
      const server = await openTestManagement(kind)
      t.after(() => server.close())
      const { arm } = server
      await arm('PUT', registry, newRegistry({}, { sku: { name: 'Basic' } }))
      const properties = { scopeMapId: `${registry}/scopeMaps/_repositories_pull` }
      const put = (index: number) => arm('PUT', `${registry}/tokens/token-${index}`, { properties })
      for (let index = 0; index < 95; index++) assert.equal((await put(index)).status, 201)
      const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => put(100 + index)))
      assert.equal(answers.filter(({ status }) => status === 201).length, 5)
      assert.equal(answers.filter(({ status }) => status === 409).length, 5)
    })
  })
}
