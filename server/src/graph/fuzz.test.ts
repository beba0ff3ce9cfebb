import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { usualDatabaseKinds } from '../../testing/platform/test-database.ts'
import { openGraph } from '../../testing/graph/test-graph.ts'
import { graphRoutes } from './surface.ts'

const strange = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\0',
    '\u{10ffff}',
    "'",
    "''",
    '%',
    '__proto__',
    '1e999',
    '9'.repeat(400),
    '../../..',
    "x' or '1'='1",
  ),
)
const value: fc.Arbitrary<unknown> = fc.oneof(strange, fc.jsonValue({ maxDepth: 3 }), fc.constant(null))
const properties =
  'displayName appId accountEnabled keyCredentials identifierUris signInAudience passwordCredential keyId ids types key'
const ofPeople =
  'userPrincipalName mail mailNickname passwordProfile password forceChangePasswordNextSignIn description groupTypes mailEnabled securityEnabled @odata.id groupIds securityEnabledOnly principalId roleDefinitionId directoryScopeId currentPassword newPassword'
const names = [...`${properties} ${ofPeople}`.split(' '), 'type', 'usage', 'startDateTime', 'endDateTime']
const body = fc.oneof(value, fc.dictionary(fc.constantFrom(...names), fc.oneof(value, fc.array(value))))
const query = fc.oneof(
  strange.map((text) => `?$filter=displayName eq '${text}'`),
  strange.map((text) => `?$filter=${text}`),
  strange.map((text) => `?$top=${text}`),
  strange.map((text) => `?$skiptoken=${text}`),
  strange.map((text) => `?${text}`),
  fc.constant(''),
)

for (const kind of usualDatabaseKinds) {
  test(`no request to Graph causes a 5xx response (${kind})`, async (t) => {
    const { as, asOwner, alice } = await openGraph(t, kind)
    const asPerson = as(alice.objectId)
    const { body: made } = await asOwner('POST', '/applications', { displayName: 'target' })
    // A request that deletes or disables the caller would end the test.
    const routes = graphRoutes.filter(({ method }) => method !== 'DELETE')
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), strange, query, body, async (route, id, search, content) => {
        const used = id.length % 2 === 0 ? String(made['id']) : encodeURIComponent(id.toWellFormed())
        const path = route.path.replace('/graph/v1.0', '').replace(':id', used)
        const method = String(route.method)
        const client = search.length % 2 === 0 ? asOwner : asPerson
        const answer = await client(method, `${path}${search.toWellFormed()}`, method === 'GET' ? undefined : content)
        assert.ok(answer.status < 500, `${method} ${path}${search}: ${JSON.stringify(answer.body)}`)
      }),
      { numRuns: 300 },
    )
  })
}
