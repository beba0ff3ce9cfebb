import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import fc from 'fast-check'
import type { ScopedTokenPasswordName } from '../../authorization/index.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { basic, openTestTokenService } from '../../../testing/token-service/test-token-service.ts'

const nullGuid = '00000000-0000-0000-0000-000000000000'
const author = { name: 'test', kind: 'Application' } as const
const pull = 'repository:team/app:pull'

type Issued = {
  readonly access_token: string
  readonly scope: string
  readonly expires_in: number
  readonly refresh_token?: string
}

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const context = await openTestTokenService(t, kind)
  const { access, database, registry } = context
  const putMap = (...actions: string[]) =>
    database.transaction((transaction) =>
      access.scopeMaps.put(transaction, registry.rid, { name: 'team-map', description: undefined, actions }, author),
    )
  const putToken = async (name: string, { scopeMapName = 'team-map', enabled = true, rid = registry.rid } = {}) => {
    const token = { name, scopeMapName, scopeMapId: scopeMapName, enabled }
    return (await database.transaction((transaction) => access.scopedTokens.put(transaction, rid, token, author))).token
  }
  const generate = async (name: string, passwordName: ScopedTokenPasswordName, expiresAtMs?: number) => {
    const token = await access.scopedTokens.find(registry.rid, name)
    assert.ok(token)
    const [password] = await database.transaction((transaction) =>
      access.scopedTokens.generatePasswords(transaction, token, [passwordName], expiresAtMs),
    )
    assert.ok(password)
    return password.value
  }
  const get = (authorization: string, ...scopes: string[]) => {
    const query = new URLSearchParams([['service', 'contoso.example'], ...scopes.map((scope) => ['scope', scope])])
    return context.inject({ method: 'GET', url: `/oauth2/token?${query.toString()}`, headers: { authorization } })
  }
  const post = (username: string, password: string, scope = pull) =>
    context.inject({
      method: 'POST',
      url: '/oauth2/token',
      form: { grant_type: 'password', service: 'contoso.example', username, password, scope },
    })
  const issue = async (authorization: string, ...scopes: string[]) => {
    const answer = await get(authorization, ...scopes)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<Issued>()
  }
  const bearer = async (authorization: string, ...scopes: string[]) =>
    `Bearer ${(await issue(authorization, ...scopes)).access_token}`
  await putMap('repositories/team/app/content/read', 'repositories/team/app/content/write')
  await putToken('nightly')
  const password = await generate('nightly', 'password1')
  return {
    ...context,
    putMap,
    putToken,
    generate,
    get,
    post,
    issue,
    bearer,
    password,
    header: basic('nightly', password),
  }
}

for (const kind of usualDatabaseKinds) {
  describe(`a scoped token, on ${kind}`, () => {
    test('signs in by every method for a name and a password, case-insensitively', async (t) => {
      const { ask, registry, issue, post, password, putToken } = await open(t, kind)
      for (const name of ['nightly', 'NIGHTLY']) {
        const header = basic(name, password)
        const issued = await issue(header, `${pull},push,delete,metadata_read`)
        assert.equal(issued.scope, 'repository:team/app:pull,push')
        assert.equal(issued.refresh_token, undefined)
        const posted = await post(name, password)
        assert.equal(posted.statusCode, 200)
        for (const authorization of [header, `Bearer ${issued.access_token}`]) {
          assert.equal(await ask(registry, authorization, 'team/app', 'pull', 'push'), 'ok')
          assert.equal(await ask(registry, authorization, 'team/app', 'delete'), 'insufficient_scope')
          assert.equal(await ask(registry, authorization, 'team/other', 'pull'), 'insufficient_scope')
        }
        assert.equal(await ask(registry, `Bearer ${posted.json<Issued>().access_token}`, 'team/app', 'pull'), 'ok')
      }
      await putToken('without')
      assert.equal((await post('without', '')).statusCode, 401)
    })

    test('loses at the next request the rights that its scope map loses', async (t) => {
      const { ask, registry, bearer, header, putMap, putToken } = await open(t, kind)
      const token = await bearer(header, `${pull},push`)
      for (const each of [token, header]) assert.equal(await ask(registry, each, 'team/app', 'pull', 'push'), 'ok')
      await putMap('repositories/team/app/content/read')
      for (const each of [token, header]) {
        assert.equal(await ask(registry, each, 'team/app', 'pull', 'push'), 'insufficient_scope')
        assert.equal(await ask(registry, each, 'team/app', 'pull'), 'ok')
      }
      await putMap('repositories/other/content/read')
      for (const each of [token, header]) {
        assert.equal(await ask(registry, each, 'team/app', 'pull'), 'insufficient_scope')
      }
      await putToken('nightly', { scopeMapName: '_repositories_admin' })
      for (const each of [token, header]) assert.equal(await ask(registry, each, 'team/app', 'pull'), 'ok')
      assert.equal(await ask(registry, token, 'team/app', 'delete'), 'insufficient_scope', 'a token is never widened')
      assert.equal(await ask(registry, header, 'team/app', 'delete'), 'ok')
      await putToken('nightly', { scopeMapName: '_repositories_pull' })
      assert.equal(await ask(registry, header, 'team/app', 'delete'), 'insufficient_scope')
    })

    type TestContextOf = Awaited<ReturnType<typeof open>>
    const endings: readonly (readonly [what: string, end: (context: TestContextOf) => Promise<unknown>])[] = [
      ['it is disabled', ({ putToken }) => putToken('nightly', { enabled: false })],
      ['its password is generated again', ({ generate }) => generate('nightly', 'password1')],
      [
        'its password is deleted',
        async ({ access, database, registry }) => {
          const token = await access.scopedTokens.find(registry.rid, 'nightly')
          assert.ok(token)
          return database.transaction((transaction) =>
            access.scopedTokens.deletePasswords(transaction, token, ['password1']),
          )
        },
      ],
      [
        'it is deleted, and created again with the same name',
        async ({ access, database, registry, putToken, generate }) => {
          await database.transaction((transaction) => access.scopedTokens.delete(transaction, registry.rid, 'nightly'))
          await putToken('nightly')
          return generate('nightly', 'password1')
        },
      ],
      [
        'its registry is deleted',
        ({ access, database, registry }) =>
          database.transaction((transaction) => access.deleteRegistryAccess(transaction, registry.rid)),
      ],
    ]
    for (const [what, end] of endings) {
      test(`is denied at the next request when ${what}, like its tokens`, async (t) => {
        const context = await open(t, kind)
        const { ask, registry, bearer, get, post, header, password } = context
        const token = await bearer(header, pull)
        for (const each of [token, header]) assert.equal(await ask(registry, each, 'team/app', 'pull'), 'ok')
        await end(context)
        assert.equal(await ask(registry, token, 'team/app', 'pull'), 'invalid_token')
        assert.equal(await ask(registry, header, 'team/app', 'pull'), 'basic')
        assert.equal((await get(header, pull)).statusCode, 401)
        assert.equal((await post('nightly', password)).statusCode, 401)
        assert.equal((await get(basic(nullGuid, token.slice('Bearer '.length)), pull)).statusCode, 401)
      })
    }
  })
}

test('a scoped token and its ACR tokens expire with its password, to the second', async (t) => {
  const { ask, registry, issue, generate, time } = await open(t)
  const endMs = time.nowMs + 60_000
  const header = basic('nightly', await generate('nightly', 'password2', endMs))
  const issued = await issue(header, pull)
  assert.equal(issued.expires_in, 60)
  const authorizations = [header, `Bearer ${issued.access_token}`]
  time.nowMs = endMs - 1
  for (const each of authorizations) assert.equal(await ask(registry, each, 'team/app', 'pull'), 'ok')
  time.nowMs = endMs
  assert.equal(await ask(registry, authorizations[0], 'team/app', 'pull'), 'basic')
  assert.equal(await ask(registry, authorizations[1], 'team/app', 'pull'), 'invalid_token')
})

test('the passwords of a scoped token are independent', async (t) => {
  const { ask, registry, bearer, header, generate } = await open(t)
  const second = basic('nightly', await generate('nightly', 'password2'))
  const tokens = { first: await bearer(header, pull), second: await bearer(second, pull) }
  await generate('nightly', 'password2')
  assert.equal(await ask(registry, tokens.first, 'team/app', 'pull'), 'ok')
  assert.equal(await ask(registry, header, 'team/app', 'pull'), 'ok')
  assert.equal(await ask(registry, tokens.second, 'team/app', 'pull'), 'invalid_token')
  assert.equal(await ask(registry, second, 'team/app', 'pull'), 'basic')
})

test('fault 10: a token that was obtained by an access token of a scoped token has no more access', async (t) => {
  const { issue, header, putMap, ask, registry } = await open(t)
  const narrow = await issue(header, pull)
  const again = await issue(basic(nullGuid, narrow.access_token), `${pull},push`, 'repository:team/other:pull')
  assert.equal(again.scope, pull)
  await putMap('repositories/team/app/content/write')
  assert.equal((await issue(basic(nullGuid, again.access_token), `${pull},push`)).scope, '')
  assert.equal(await ask(registry, `Bearer ${again.access_token}`, 'team/app', 'pull'), 'insufficient_scope')
})

test('fault 9: issued tokens and admitted requests match an independent reading of the scope map', async (t) => {
  const { issue, header, putMap, ask, registry } = await open(t)
  const meanings = { 'content/read': 'pull', 'content/write': 'push', 'content/delete': 'delete' } as const
  const name = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
  const pattern = fc.oneof(
    name,
    name.map((text) => `${text}/*`),
    fc.constant('*'),
  )
  const permission = fc.constantFrom('content/read', 'content/write', 'content/delete')
  const map = fc.array(fc.tuple(pattern, permission), { minLength: 1, maxLength: 5 })
  const fits = (repository: string, text: string) =>
    text === '*' || (text.endsWith('/*') ? repository.startsWith(text.slice(0, -1)) : repository === text)
  const actions = Object.values(meanings).toSorted()
  await fc.assert(
    fc.asyncProperty(map, map, name, async (atIssue, atUse, repository) => {
      const allowedBy = (given: typeof atIssue) =>
        actions.filter((action) => given.some(([text, each]) => fits(repository, text) && meanings[each] === action))
      const put = (given: typeof atIssue) => putMap(...given.map(([text, each]) => `repositories/${text}/${each}`))
      await put(atIssue)
      const issued = await issue(header, `repository:${repository}:${actions.join(',')}`)
      const expected = allowedBy(atIssue)
      assert.equal(issued.scope, expected.length === 0 ? '' : `repository:${repository}:${expected.join(',')}`)
      await put(atUse)
      for (const action of actions) {
        const now = allowedBy(atUse).includes(action)
        assert.equal((await ask(registry, header, repository, action)) === 'ok', now)
        const bearer = `Bearer ${issued.access_token}`
        assert.equal((await ask(registry, bearer, repository, action)) === 'ok', now && expected.includes(action))
      }
    }),
    { numRuns: 60 },
  )
})

test('a scoped token never lists the catalog, whatever its scope map', async (t) => {
  const { issue, header, putToken } = await open(t)
  for (const scopeMapName of ['team-map', '_repositories_admin']) {
    await putToken('nightly', { scopeMapName })
    const issued = await issue(header, 'registry:catalog:*', 'registry:deleted_catalog:*')
    assert.equal(issued.scope, '')
  }
})

test('a scoped token is invalid at another registry, even one with a token of the same name', async (t) => {
  const { createRegistry, inject, ask, bearer, header, password, putToken } = await open(t)
  const other = await createRegistry('fabrikam')
  await putToken('nightly', { scopeMapName: '_repositories_admin', rid: other.rid })
  const url = `/oauth2/token?service=fabrikam.example&scope=${pull}`
  const answer = await inject({ method: 'GET', url, host: 'fabrikam.example', headers: { authorization: header } })
  assert.equal(answer.statusCode, 401)
  assert.equal(await ask(other, basic('nightly', password), 'team/app', 'pull'), 'basic')
  assert.equal(await ask(other, await bearer(header, pull), 'team/app', 'pull'), 'invalid_token')
})

test('fault 23: a wrong password, an unknown token, a disabled one and an expired password get the same response', async (t) => {
  const { get, putToken, generate, time, registry, gate } = await open(t)
  await putToken('disabled', { enabled: false })
  await putToken('expired')
  const disabled = await generate('disabled', 'password1')
  const expired = await generate('expired', 'password1', time.nowMs + 1000)
  time.nowMs += 1000
  const answers = new Set<string>()
  for (const header of [
    basic('nightly', 'wrong'),
    basic('nobody-here', 'wrong'),
    basic('disabled', disabled),
    basic('disabled', 'wrong'),
    basic('expired', expired),
    basic('x'.repeat(5000), 'wrong'),
  ]) {
    const { statusCode, headers, body } = await get(header, pull)
    assert.equal(statusCode, 401)
    const origin = { correlationId: 'test', remoteAddress: '127.0.0.1', userAgent: undefined }
    const admission = await gate.admit(
      { headers: { authorization: header } } as Parameters<typeof gate.admit>[0],
      origin,
      registry,
      { need: { kind: 'signed-in' }, rate: 'read' },
    )
    const told = body.replace(/CorrelationId: [0-9a-f-]{36}/, 'CorrelationId')
    answers.add(JSON.stringify([headers['www-authenticate'], told, admission]))
  }
  assert.equal(answers.size, 1)
})

test('fault 31: the form of a name alone selects the kind of principal, regardless of existing tokens', async (t) => {
  const { access, database, registry, putToken, generate, post, createPrincipal, assign } = await open(t)
  const { servicePrincipal, secret } = await createPrincipal('ci')
  await assign(servicePrincipal.objectId, '8311e382-0749-4cb8-b61a-304f252e45ec', registry.id)
  for (const name of [servicePrincipal.appId, nullGuid, registry.name]) {
    await putToken(name, { scopeMapName: '_repositories_admin' })
    const password = await generate(name, 'password1')
    for (const username of [name, name.toUpperCase()])
      assert.equal((await post(username, password)).statusCode, 401, name)
    await database.transaction((transaction) => access.scopedTokens.delete(transaction, registry.rid, name))
  }
  assert.equal((await post(servicePrincipal.appId, secret)).statusCode, 200)
  assert.equal((await post('nightly', secret)).statusCode, 401)
})

test('events of issued and denied tokens name the scoped token', async (t) => {
  const { ask, registry, bearer, header, auditRows } = await open(t)
  await ask(registry, await bearer(header, pull), 'team/other', 'pull')
  const rows = (await auditRows()) as { action: string; actor_kind?: string; actor_id: string }[]
  assert.deepEqual(
    rows.map(({ action, actor_kind, actor_id }) => [action, actor_kind, actor_id]),
    [
      ['token.issue', 'scoped-token', 'contoso/nightly'],
      ['data.access', 'scoped-token', 'contoso/nightly'],
    ],
  )
})

test('a token of a scoped token names it as its subject, and carries neither its password nor an application', async (t) => {
  const { issue, header, password } = await open(t)
  const { access_token: token } = await issue(header, pull)
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  assert.equal(claims['sub'], 'nightly')
  assert.equal(claims['appid'], undefined)
  assert.ok(!JSON.stringify(claims).includes(password.slice(0, 12)))
})
