import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { testOrigin } from '../../../testing/directory/test-directory.ts'
import { errorOf, filter, idsOf, reference } from '../../../testing/graph/test-graph.ts'
import { openPeople, unknownId } from '../../../testing/graph/test-people.ts'

for (const kind of usualDatabaseKinds) {
  test(`cyclic groups are resolved (${kind})`, async (t) => {
    const { asOwner, makeUser, makeGroup, put, directory, owner } = await openPeople(t, kind)
    const carol = await makeUser('Carol')
    const [inner, middle, outer] = [await makeGroup('inner'), await makeGroup('middle'), await makeGroup('outer')]
    assert.deepEqual(await directory.groupIdsOf(carol), [])
    for (const [group, member] of [
      [inner, carol],
      [middle, inner],
      [outer, middle],
      [inner, outer],
    ] as const) {
      assert.equal((await put(group, member)).status, 204)
    }
    assert.deepEqual([...(await directory.groupIdsOf(carol))], [inner, middle, outer].toSorted())
    assert.deepEqual([...(await directory.groupIdsOf(inner))], [inner, middle, outer].toSorted())
    assert.equal((await put(inner, inner)).status, 400)
    assert.match(errorOf((await put(inner, carol)).body).message, /added object references already exist/)
    assert.equal((await put(inner, unknownId)).status, 404)
    assert.equal((await put(unknownId, carol)).status, 404)
    assert.equal((await put(outer, owner.servicePrincipal.objectId)).status, 204)

    const members = await asOwner('GET', `/groups/${outer}/members`)
    assert.deepEqual(idsOf(members.body), [middle, owner.servicePrincipal.objectId].toSorted())
    const all = await asOwner('GET', `/groups/${outer}/transitiveMembers?$top=2`)
    const next = String(all.body['@odata.nextLink']).slice(`${testOrigin}/graph/v1.0`.length)
    const rest = await asOwner('GET', next)
    const everybody = [carol, inner, middle, outer, owner.servicePrincipal.objectId]
    assert.deepEqual([...idsOf(all.body), ...idsOf(rest.body)].slice(0, 4), everybody.toSorted().slice(0, 4))
    assert.deepEqual(idsOf((await asOwner('GET', `/users/${carol}/memberOf`)).body), [inner])
    assert.equal(idsOf((await asOwner('GET', `/users/${carol}/transitiveMemberOf`)).body).length, 3)
    const groups = await asOwner('POST', `/users/${carol}/getMemberGroups`, { securityEnabledOnly: false })
    assert.deepEqual(groups.body['value'], [inner, middle, outer].toSorted())
    const check = (id: string) => asOwner('POST', `/directoryObjects/${carol}/checkMemberGroups`, { groupIds: [id] })
    assert.deepEqual((await check(outer)).body['value'], [outer])
    assert.deepEqual((await check(unknownId)).body['value'], [])

    assert.equal((await asOwner('DELETE', `/groups/${middle}`)).status, 204)
    assert.deepEqual([...(await directory.groupIdsOf(carol))], [inner])
    assert.equal((await asOwner('DELETE', `/groups/${inner}/members/${carol}/$ref`)).status, 204)
    assert.equal((await asOwner('DELETE', `/groups/${inner}/members/${carol}/$ref`)).status, 404)
    assert.deepEqual(await directory.groupIdsOf(carol), [])
  })
}

test('a group owner changes the members of the group and nothing else', async (t) => {
  const { asOwner, as, makeUser, makeGroup, put } = await openPeople(t)
  const [carol, dora] = [await makeUser('Carol'), await makeUser('Dora')]
  const [team, others] = [await makeGroup('team'), await makeGroup('others')]
  assert.equal((await asOwner('POST', `/groups/${team}/owners/$ref`, reference(carol))).status, 204)
  assert.deepEqual(idsOf((await asOwner('GET', `/groups/${team}/owners`)).body), [carol])
  const asCarol = as(carol)
  assert.equal((await put(team, dora, asCarol)).status, 204)
  assert.deepEqual(idsOf((await asCarol('GET', `/groups/${team}/members`)).body), [dora])
  assert.deepEqual(idsOf((await asCarol('GET', '/groups')).body), [team])
  assert.deepEqual(idsOf((await as(dora)('GET', '/groups')).body), [team])
  assert.equal((await as(dora)('GET', `/groups/${team}/members`)).status, 403, 'a member is no owner')
  for (const [method, path, body] of [
    ['POST', `/groups/${others}/members/$ref`, reference(carol)],
    ['POST', `/groups/${unknownId}/members/$ref`, reference(carol)],
    ['POST', `/groups/${team}/owners/$ref`, reference(dora)],
    ['PATCH', `/groups/${team}`, { displayName: 'x' }],
    ['DELETE', `/groups/${team}`, undefined],
    ['GET', `/groups/${others}`, undefined],
    ['GET', `/groups/${unknownId}`, undefined],
  ] as const) {
    assert.equal((await asCarol(method, path, body)).status, 403, `${method} ${path}`)
  }
  assert.equal((await asCarol('DELETE', `/groups/${team}/members/${dora}/$ref`)).status, 204)
  assert.equal((await asOwner('DELETE', `/groups/${team}/owners/${carol}/$ref`)).status, 204)
  assert.equal((await put(team, dora, asCarol)).status, 403)
})

test('"az ad group create" finds the group by both its names', async (t) => {
  const { asOwner, makeGroup } = await openPeople(t)
  const id = await makeGroup('Team')
  await makeGroup('Others')
  const found = (text: string) => asOwner('GET', `/groups${filter(text)}`)
  assert.deepEqual(idsOf((await found("displayName eq 'team' and mailNickname eq 'TEAM'")).body), [id])
  assert.deepEqual(idsOf((await found("displayName eq 'team' and mailNickname eq 'x'")).body), [])
  assert.deepEqual(idsOf((await found("startswith(displayName,'te')")).body), [id])
  const { body } = await asOwner('POST', '/directoryObjects/getByIds', { ids: [id], types: ['group'] })
  assert.equal((body['value'] as Record<string, string>[])[0]?.['@odata.type'], '#microsoft.graph.group')
})
