import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualDatabaseKinds } from '../../testing/platform/test-database.ts'
import { testOrigin, testTenantId } from '../../testing/directory/test-directory.ts'
import { errorOf, filter, idsOf, openGraph } from '../../testing/graph/test-graph.ts'

const namesOf = (body: Record<string, unknown>) =>
  (body['value'] as { displayName: string }[]).map(({ displayName }) => displayName)

for (const kind of usualDatabaseKinds) {
  test(`$top and the next link page through a list without repeating an object (${kind})`, async (t) => {
    const { asOwner } = await openGraph(t, kind)
    for (let index = 0; index < 5; index += 1) await asOwner('POST', '/applications', { displayName: `page ${index}` })
    const seen: string[] = []
    let path: string | undefined = `/applications${filter("startswith(displayName,'PAGE')")}&$top=2`
    while (path !== undefined) {
      const { body } = await asOwner('GET', path)
      seen.push(...namesOf(body))
      const next = body['@odata.nextLink'] as string | undefined
      if (next !== undefined) assert.ok(next.startsWith(`${testOrigin}/graph/v1.0/applications?`))
      path = next?.slice(`${testOrigin}/graph/v1.0`.length)
    }
    assert.deepEqual(seen.toSorted(), ['page 0', 'page 1', 'page 2', 'page 3', 'page 4'])
    for (const query of ['$top=0', '$top=1000', '$top=x', '$skiptoken=x', '$orderby=displayName', '$top=1&$top=2']) {
      const answer = await asOwner('GET', `/applications?${query}`)
      assert.equal(answer.status, 400, query)
      assert.equal(errorOf(answer.body).code, 'Request_UnsupportedQuery', query)
    }
  })

  test(`a filter matches names case-insensitively, as a whole or by prefix (${kind})`, async (t) => {
    const { asOwner } = await openGraph(t, kind)
    for (const displayName of ['Größe', 'grosse', 'a%b', 'a_b', 'ab', "O'Brien"]) {
      assert.equal((await asOwner('POST', '/applications', { displayName })).status, 201)
    }
    const named = async (text: string) =>
      namesOf((await asOwner('GET', `/applications${filter(text)}`)).body).toSorted()
    assert.deepEqual(await named("displayName eq 'GROSSE'"), ['grosse'])
    assert.deepEqual(await named("startswith(displayName,'GR')"), ['Größe', 'grosse'])
    assert.deepEqual(await named("startswith(displayName,'a%')"), ['a%b'])
    assert.deepEqual(await named("startswith(displayName,'a_')"), ['a_b'])
    assert.deepEqual(await named("displayName eq 'o''brien'"), ["O'Brien"])
    assert.deepEqual(await named("displayName eq 'a' and startswith(displayName,'a')"), [])
  })

  test(`"az role assignment" finds a principal by application id, URI, object id and user name (${kind})`, async (t) => {
    const { asOwner, owner, alice } = await openGraph(t, kind)
    const { body: application } = await asOwner('POST', '/applications', {
      displayName: 'ci',
      identifierUris: ['api://ci/Build'],
    })
    const { body: principal } = await asOwner('POST', '/servicePrincipals', { appId: application['appId'] })
    const appId = String(application['appId'])
    for (const name of [appId, appId.toUpperCase(), 'API://CI/build']) {
      const found = await asOwner('GET', `/servicePrincipals${filter(`servicePrincipalNames/any(c:c eq '${name}')`)}`)
      assert.deepEqual(idsOf(found.body), [principal['id']])
    }
    const byName = await asOwner('GET', `/users${filter("userPrincipalName eq 'alice@CONTOSO.example'")}`)
    assert.deepEqual(idsOf(byName.body), [alice.objectId])
    const types = ['user', 'group', 'servicePrincipal', 'directoryObjectPartnerReference']
    const ids = [alice.objectId, principal['id'], owner.servicePrincipal.objectId, testTenantId, 'x']
    const { body } = await asOwner('POST', '/directoryObjects/getByIds', { ids, types })
    const kinds = (body['value'] as Record<string, string>[]).map((object) => object['@odata.type'] ?? '')
    assert.deepEqual(kinds.toSorted(), [
      '#microsoft.graph.servicePrincipal',
      '#microsoft.graph.servicePrincipal',
      '#microsoft.graph.user',
    ])
    const usersOnly = await asOwner('POST', '/directoryObjects/getByIds', { ids, types: ['user'] })
    assert.equal(idsOf(usersOnly.body).length, 1)
  })
}
