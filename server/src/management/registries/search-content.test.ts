import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { sql } from 'kysely'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  at,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'

const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`
const repositoryReader = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'

type Management = Awaited<ReturnType<typeof openTestManagement>>

/** Creates a repository with a manifest of this digest and these tags. */
async function fill(
  { database }: Management,
  place: { readonly rid: string; readonly name: string; readonly digest: string },
  tags: readonly string[],
): Promise<string> {
  const id = randomUUID()
  const { rid, name, digest } = place
  const open = sql`1, 1, 1, 1`
  const locks = sql`delete_enabled, write_enabled, list_enabled, read_enabled`
  await database.transaction(async (transaction) => {
    const tables = transaction.tables()
    await sql`insert into repository (id, rid, name, created_at_ms, updated_at_ms, published_at_ms, manifest_count, tag_count, ${locks})
      values (${id}, ${rid}, ${name}, 1, 1, 1, 1, ${tags.length}, ${open})`.execute(tables)
    await sql`insert into manifest (repository_id, digest, media_type, size_bytes, image_size_bytes, created_at_ms, updated_at_ms, content, ${locks})
      values (${id}, ${digest}, 'm', 1, 1, 1, 1, ${Buffer.from('{}')}, ${open})`.execute(tables)
    for (const tag of tags)
      await sql`insert into tag (repository_id, name, manifest_digest, created_at_ms, updated_at_ms, ${locks})
        values (${id}, ${tag}, ${digest}, 1, 1, ${open})`.execute(tables)
  })
  return id
}

const ridOf = async ({ resources }: Management, name: string) => {
  const registries = await resources.listRegistries(subscriptionScope.split('/')[2] ?? '')
  return registries.find((registry) => registry.name === name)?.rid ?? ''
}

for (const kind of testDatabaseKinds) {
  test(`a search finds what the caller may read, and says when there may be more (${kind})`, async (t) => {
    const management = await openTestManagement(kind)
    t.after(management.close)
    const { arm, database } = management
    const search = async (text: string, token?: string) => {
      const query = new URLSearchParams({ 'api-version': '2023-07-01', text })
      const answer = await arm(
        'GET',
        `${subscriptionScope}/providers/Acrux.Server/content?${query.toString()}`,
        undefined,
        token === undefined ? {} : { token },
      )
      assert.equal(answer.status, 200, answer.text)
      const found = at(answer.body, 'value') as Readonly<Record<string, string>>[]
      return {
        found: found.map(
          ({ registry = '', repository, tag, digest }) =>
            `${registry.split('.')[0]}/${repository}${tag === undefined ? (digest === undefined ? '' : '@') : `:${tag}`}`,
        ),
        isIncomplete: at(answer.body, 'isIncomplete'),
        notSearched: at(answer.body, 'notSearched'),
      }
    }
    for (const name of ['contoso', 'fabrikam']) {
      await arm('PUT', registryPath(name), newRegistry({ roleAssignmentMode: 'AbacRepositoryPermissions' }))
    }
    const contoso = await ridOf(management, 'contoso')
    await fill(management, { rid: contoso, name: 'team/app', digest: digestOf('a') }, ['1.0', '1.1', 'latest'])
    await fill(management, { rid: contoso, name: 'team_app', digest: digestOf('b') }, ['latest'])
    await fill(management, { rid: contoso, name: 'team-app', digest: digestOf('c') }, [])
    const other = await ridOf(management, 'fabrikam')
    await fill(management, { rid: other, name: 'other/app', digest: digestOf('a') }, ['latest'])

    await t.test('of all registries', async () => {
      const reader = await management.principalWith(repositoryReader, subscriptionScope)
      const lister = 'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7'
      await management.assign(reader.servicePrincipal.objectId, lister, subscriptionScope)
      const as = (text: string) => search(text, reader.token)
      assert.deepEqual((await as('APP')).found, [
        'fabrikam/other/app',
        'contoso/team-app',
        'contoso/team/app',
        'contoso/team_app',
      ])
      assert.deepEqual((await as('team_')).found, ['contoso/team_app'])
      assert.deepEqual((await as('latest')).found, [
        'fabrikam/other/app:latest',
        'contoso/team/app:latest',
        'contoso/team_app:latest',
      ])
      assert.deepEqual((await as('1.')).found, ['contoso/team/app:1.0', 'contoso/team/app:1.1'])
      assert.deepEqual((await as('team/app:1.1')).found, ['contoso/team/app:1.1'])
      assert.deepEqual((await as(digestOf('a'))).found, ['fabrikam/other/app@', 'contoso/team/app@'])
      assert.deepEqual((await as('sha256:bbb')).found, ['contoso/team_app@'])
      assert.deepEqual((await as('bbbbbb')).found, ['contoso/team_app@'])
      assert.deepEqual((await as(`team/app@${digestOf('a').slice(0, 20)}`)).found, ['contoso/team/app@'])
      assert.deepEqual((await as(`contoso.azurecr.example:5443/team/app:latest`)).found, ['contoso/team/app:latest'])
      for (const text of ["a'b", '%%', 'x\\', '\u0000\u0001', '..', 'é!', 'a'.repeat(513), 'a']) {
        assert.deepEqual((await as(text)).found, [], text)
      }
      assert.equal((await as('latest')).isIncomplete, false)
    })

    await t.test('only the repositories of a condition', async () => {
      const name = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]'
      const one = await management.createPrincipal('one')
      const path = `${registryPath('contoso')}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
      const made = await arm('PUT', path, {
        properties: {
          roleDefinitionId: `${subscriptionScope}/providers/Microsoft.Authorization/roleDefinitions/${repositoryReader}`,
          principalId: one.servicePrincipal.objectId,
          condition: `(${name} StringEqualsIgnoreCase 'team/app')`,
          conditionVersion: '2.0',
        },
      })
      assert.equal(made.status, 201, made.text)
      const token = await management.tokenFor(one)
      assert.deepEqual((await search('app', token)).found, ['contoso/team/app'])
      assert.deepEqual((await search('latest', token)).found, ['contoso/team/app:latest'])
      assert.deepEqual((await search(digestOf('b'), token)).found, [])
      // It must not say whether there is something that this caller may not see.
      assert.equal((await search('nothing', token)).isIncomplete, true)
      const puller = await management.principalWith(roleGuids.acrPull, registryPath('fabrikam'))
      assert.deepEqual((await search('latest', puller.token)).found, [])
      const stranger = await management.tokenFor(await management.createPrincipal('stranger'))
      assert.deepEqual(await search('latest', stranger), { found: [], isIncomplete: false, notSearched: [] })
    })

    await t.test('nothing that is deleted or may not be listed', async () => {
      const reader = await management.principalWith(repositoryReader, subscriptionScope)
      const hide = (statement: ReturnType<typeof sql>) =>
        database.transaction(async (transaction) => void (await statement.execute(transaction.tables())))
      await hide(sql`update repository set list_enabled = 0 where name = 'other/app'`)
      await hide(sql`update tag set list_enabled = 0 where name = '1.0'`)
      await hide(sql`update repository set published_at_ms = null where name = 'team_app'`)
      assert.deepEqual((await search('latest', reader.token)).found, ['contoso/team/app:latest'])
      assert.deepEqual((await search('1.', reader.token)).found, ['contoso/team/app:1.1'])
      assert.deepEqual((await search('sha256:', reader.token)).found, ['contoso/team/app@', 'contoso/team-app@'])
    })

    await t.test('nothing of a registry whose rules do not permit the request', async () => {
      const reader = await management.principalWith(repositoryReader, subscriptionScope)
      await management.assign(reader.servicePrincipal.objectId, roleGuids.reader, registryPath('contoso'))
      await arm('PATCH', registryPath('contoso'), { properties: { publicNetworkAccess: 'Disabled' } })
      const closed = await search('team', reader.token)
      assert.deepEqual([closed.found, closed.notSearched], [[], ['contoso.azurecr.example:5443']])
    })

    await t.test('its own tags after many of another registry, of which nothing is told', async () => {
      await arm('PUT', registryPath('northwind'), newRegistry())
      const foreign = Array.from({ length: 2000 }, (_none, index) => `pa${String(index).padStart(4, '0')}`)
      await fill(management, { rid: contoso, name: 'many', digest: digestOf('d') }, foreign)
      const place = { rid: await ridOf(management, 'northwind'), name: 'own', digest: digestOf('e') }
      await fill(management, place, ['paz'])
      const reader = await management.principalWith(roleGuids.acrPull, registryPath('northwind'))
      for (const [text, found] of [
        ['pa', ['northwind/own:paz']],
        ['pa0', []],
        ['pb', []],
      ] as const) {
        assert.deepEqual(await search(text, reader.token), { found, isIncomplete: true, notSearched: [] }, text)
      }
    })
  })
}
