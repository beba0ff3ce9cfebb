import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  at,
  codeOf,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'

type Server = Awaited<ReturnType<typeof openTestManagement>>

const contoso = registryPath('contoso')

/** Requests to the data plane of a registry; each gives its status, its body and its correlation id. */
function dataPlane({ app }: Server, name: string) {
  const host = `${name}.azurecr.example:5443`
  return async (method: 'GET' | 'POST' | 'DELETE', url: string, authorization?: string, form?: object) => {
    const answer = await app.inject({
      method,
      url,
      headers: {
        host,
        ...(authorization !== undefined && { authorization }),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form !== undefined && { payload: new URLSearchParams({ ...form }).toString() }),
    })
    const id = String(answer.headers['x-ms-correlation-request-id'])
    return { status: answer.statusCode, body: answer.body, id }
  }
}

const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

async function open(t: TestContext, kind: (typeof usualDatabaseKinds)[number]) {
  const server = await openTestManagement(kind)
  t.after(server.close)
  await server.arm('PUT', contoso, newRegistry())
  const puller = await server.principalWith(roleGuids.acrPull, contoso)
  return {
    ...server,
    puller,
    pullerBasic: basic(puller.servicePrincipal.appId, puller.secret),
    ask: dataPlane(server, 'contoso'),
    why: (id: string, options = {}, registry = contoso) =>
      server.arm('GET', `${registry}/decisions/${id}`, undefined, options),
  }
}

for (const kind of usualDatabaseKinds) {
  describe(`a decision, on ${kind}`, () => {
    test('of the data plane has the principal, the credential, the reason, and the smallest change', async (t) => {
      const { ask, why, puller, pullerBasic, owner } = await open(t, kind)
      const denied = await ask('POST', '/v2/team/app/blobs/uploads/', pullerBasic)
      assert.equal(denied.status, 401)
      const { status, body, text } = await why(denied.id)
      assert.equal(status, 200, text)
      assert.deepEqual(at(body, 'principal'), { kind: 'service-principal', id: puller.servicePrincipal.objectId })
      assert.equal(typeof at(body, 'credential', 'id'), 'string', 'the secret by its key id')
      assert.deepEqual(at(body, 'asked'), { action: 'push', repository: 'team/app', scope: contoso })
      assert.deepEqual(at(body, 'needs'), ['Microsoft.ContainerRegistry/registries/push/write'])
      assert.equal(at(body, 'assignmentCount'), 1)
      assert.deepEqual(
        [at(body, 'assignments', 0, 'roleName'), at(body, 'assignments', 0, 'result')],
        ['AcrPull', 'role-lacks-action'],
      )
      assert.equal(at(body, 'firstFailure'), 'role-lacks-action')
      assert.equal(at(body, 'smallestChange', 'kind'), 'assign-role')
      assert.equal(at(body, 'smallestChange', 'roleName'), 'AcrPush')
      assert.equal(at(body, 'since'), null)
      for (const secret of [puller.secret, owner.secret, puller.token]) assert.ok(!text.includes(secret))
    })

    test('stays as recorded when permissions change, and shows the decision since', async (t) => {
      const { ask, why, puller, pullerBasic, assign } = await open(t, kind)
      const denied = await ask('POST', '/v2/team/app/blobs/uploads/', pullerBasic)
      await assign(puller.servicePrincipal.objectId, roleGuids.acrPush, contoso)
      const { body } = await why(denied.id)
      assert.deepEqual([at(body, 'firstFailure'), at(body, 'assignmentCount')], ['role-lacks-action', 1])
      assert.equal(at(body, 'since', 'allowed'), true)
      assert.equal(at(body, 'since', 'firstFailure'), null)
      assert.deepEqual(
        [at(body, 'since', 'assignments', 0, 'was'), at(body, 'since', 'assignments', 0, 'is')],
        [null, 'allows'],
      )
    })

    test('of a smaller token shows the omitted access, and a denial of that token names the token as the reason', async (t) => {
      const { ask, why, puller, pullerBasic, assign } = await open(t, kind)
      const scope = encodeURIComponent('repository:team/app:pull,push')
      const url = `/oauth2/token?service=contoso.azurecr.example:5443&scope=${scope}`
      const issued = await ask('GET', url, pullerBasic)
      assert.equal(issued.status, 200, issued.body)
      const told = (await why(issued.id)).body
      assert.deepEqual(at(told, 'token'), {
        asked: ['repository:team/app:pull,push'],
        granted: 'repository:team/app:pull',
        leftOut: ['repository:team/app:push'],
      })
      assert.equal(at(told, 'firstFailure'), 'role-lacks-action')
      await assign(puller.servicePrincipal.objectId, roleGuids.acrPush, contoso)
      const bearer = `Bearer ${String(at(JSON.parse(issued.body), 'access_token'))}`
      const denied = await ask('POST', '/v2/team/app/blobs/uploads/', bearer)
      const { body } = await why(denied.id)
      assert.equal(at(body, 'firstFailure'), 'token-lacks-access')
      assert.equal(at(body, 'tokenAccess'), 'repository:team/app:pull')
      assert.deepEqual(at(body, 'smallestChange'), { kind: 'get-new-token', access: 'repository:team/app:push' })
      const whole = (await why((await ask('GET', url, pullerBasic)).id)).body
      assert.deepEqual([at(whole, 'outcome'), at(whole, 'firstFailure')], ['success', null])
    })

    test('of another registry, with an unknown id, or without the permission to read it, is not shown', async (t) => {
      const { arm, ask, why, pullerBasic, principalWith, puller } = await open(t, kind)
      await arm('PUT', registryPath('fabrikam'), newRegistry())
      const denied = await ask('POST', '/v2/team/app/blobs/uploads/', pullerBasic)
      const elsewhere = await why(denied.id, {}, registryPath('fabrikam'))
      assert.deepEqual([elsewhere.status, codeOf(elsewhere)], [404, 'ResourceNotFound'])
      for (const id of ['019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11', 'x', '%27'])
        assert.equal((await why(id)).status, 404, id)
      const reader = await principalWith(roleGuids.reader, contoso)
      assert.equal((await why(denied.id, { token: reader.token })).status, 200)
      assert.equal((await why(denied.id, { token: puller.token })).status, 403, 'not of themselves either')
      const own = '/providers/Acrux.Server/denials'
      assert.equal((await arm('GET', `${own}/${denied.id}`, undefined, { token: puller.token })).status, 404)
      assert.deepEqual(at((await arm('GET', own, undefined, { token: puller.token })).body, 'value'), [], 'only users')
      await arm('DELETE', contoso)
      await arm('PUT', contoso, newRegistry())
    })

    test('of any registry and of ARM is shown to those who may read the log of the server, with the decision since', async (t) => {
      const { arm, ask, pullerBasic, principalWith, puller, assign } = await open(t, kind)
      const anywhere = (id: string, options = {}) =>
        arm('GET', `${subscriptionScope}/providers/Acrux.Server/decisions/${id}`, undefined, options)
      const denied = await ask('POST', '/v2/team/app/blobs/uploads/', pullerBasic)
      assert.equal(at((await anywhere(denied.id)).body, 'since'), null)
      await assign(puller.servicePrincipal.objectId, roleGuids.acrPush, contoso)
      const found = await anywhere(denied.id)
      assert.equal(at(found.body, 'firstFailure'), 'role-lacks-action', found.text)
      assert.equal(at(found.body, 'since', 'allowed'), true)
      const reader = await principalWith(roleGuids.reader, contoso)
      const deniedToRead = await anywhere(denied.id, { token: reader.token })
      assert.equal(deniedToRead.status, 403, 'a role on one registry is not enough')
      const ofArm = await anywhere(String(deniedToRead.headers.get('x-ms-correlation-request-id')))
      assert.equal(at(ofArm.body, 'asked', 'action'), 'Acrux.Server/decisions/read')
      assert.equal((await anywhere('019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11')).status, 404)
    })

    test('with an unmet condition names the condition', async (t) => {
      const { arm, ask, why, pullerBasic, puller } = await open(t, kind)
      await arm('PATCH', contoso, { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } })
      const roleDefinitionId = '/providers/Microsoft.Authorization/roleDefinitions/b93aa761-3e63-49ed-ac28-beffa264f7ac'
      const condition =
        "@Request[Microsoft.ContainerRegistry/registries/repositories:name]\n  StringStartsWithIgnoreCase 'team/'"
      const id = `${contoso}/providers/Microsoft.Authorization/roleAssignments/${puller.servicePrincipal.objectId}`
      const properties = {
        roleDefinitionId,
        principalId: puller.servicePrincipal.objectId,
        condition,
        conditionVersion: '2.0',
      }
      const given = await arm('PUT', id, { properties })
      assert.equal(given.status, 201, given.text)
      const denied = await ask('GET', '/v2/other/manifests/1', pullerBasic)
      const { body } = await why(denied.id)
      assert.equal(at(body, 'firstFailure'), 'condition-is-not-met')
      assert.equal(at(body, 'assignments', 0, 'condition'), condition.replaceAll(/\s+/g, ' '))
      assert.deepEqual(at(body, 'smallestChange'), { kind: 'change-condition', assignmentId: id })
    })

    test('of an action of the management API names the action, the considered roles, and one that allows it', async (t) => {
      const { arm, why, principalWith } = await open(t, kind)
      const reader = await principalWith(roleGuids.reader, contoso)
      const denied = await arm('PATCH', contoso, { tags: {} }, { token: reader.token })
      assert.equal(denied.status, 403)
      const { body } = await why(String(denied.headers.get('x-ms-correlation-request-id')))
      const action = 'Microsoft.ContainerRegistry/registries/write'
      assert.deepEqual(at(body, 'asked'), { action, repository: null, scope: contoso })
      assert.deepEqual(
        [at(body, 'firstFailure'), at(body, 'assignments', 0, 'roleName')],
        ['role-lacks-action', 'Reader'],
      )
      assert.equal(
        at(body, 'smallestChange', 'roleName'),
        'Container Registry Contributor and Data Access Configuration Administrator',
      )
    })

    test('of a scoped token names its scope map and the missing action', async (t) => {
      const { arm, ask, why } = await open(t, kind)
      const scopeMapId = `${contoso}/scopeMaps/readers`
      await arm('PUT', scopeMapId, { properties: { actions: ['repositories/team/app/content/read'] } })
      const token = `${contoso}/tokens/device`
      await arm('PUT', token, { properties: { scopeMapId, status: 'enabled' } })
      const made = await arm('POST', `${contoso}/generateCredentials`, { tokenId: token, name: 'password1' })
      const password = String(at(made.body, 'passwords', 0, 'value'))
      const denied = await ask('POST', '/v2/team/app/blobs/uploads/', basic('device', password))
      const { body, text } = await why(denied.id)
      assert.deepEqual(at(body, 'scopeMap'), { name: 'readers', actions: ['repositories/team/app/content/read'] }, text)
      assert.equal(at(body, 'firstFailure'), 'scope-map-lacks-action')
      const action = 'repositories/team/app/content/write'
      assert.deepEqual(at(body, 'smallestChange'), { kind: 'extend-scope-map', action })
      assert.ok(!text.includes(password))

      await arm('PATCH', token, { properties: { status: 'disabled' } })
      const bearer = await ask('GET', '/v2/team/app/manifests/1', basic('device', password))
      assert.equal(at((await why(bearer.id)).body, 'firstFailure'), 'scoped-token-is-off')
    })

    test('of anonymous access names the scope map of anonymous clients and the missing action', async (t) => {
      const { arm, ask, why } = await open(t, kind)
      const actions = ['repositories/open/content/read']
      const scopeMapId = `${contoso}/scopeMaps/everybody`
      await arm('PUT', scopeMapId, { properties: { actions } })
      const access = `${contoso}/providers/Acrux.Server/anonymousAccess/default`
      const put = await arm('PUT', access, { properties: { scopeMapId } })
      assert.equal(put.status, 201, put.text)
      const url = `/oauth2/token?service=contoso.azurecr.example:5443&scope=${encodeURIComponent('repository:team/app:pull')}`
      const issued = await ask('GET', url)
      const bearer = `Bearer ${String(at(JSON.parse(issued.body), 'access_token'))}`
      const denied = await ask('GET', '/v2/team/app/manifests/1', bearer)
      assert.equal(denied.status, 401)
      const change = { kind: 'extend-scope-map', action: 'repositories/team/app/content/read' }
      for (const { id } of [issued, denied]) {
        const { body } = await why(id)
        assert.deepEqual(at(body, 'principal'), { kind: 'anonymous', id: '' })
        assert.deepEqual(at(body, 'scopeMap'), { name: 'everybody', actions })
        assert.deepEqual([at(body, 'firstFailure'), at(body, 'smallestChange')], ['scope-map-lacks-action', change])
      }
    })

    test('of the exchange, of an invalid credential and of a denied address has the smallest change', async (t) => {
      const { arm, ask, why, createPrincipal, tokenFor } = await open(t, kind)
      const stranger = await createPrincipal('stranger')
      const access_token = await tokenFor(stranger, 'https://containerregistry.azure.net/.default')
      const form = { grant_type: 'access_token', service: 'contoso.azurecr.example:5443', access_token }
      const exchanged = await ask('POST', '/oauth2/exchange', undefined, form)
      assert.equal(exchanged.status, 401)
      const told = (await why(exchanged.id)).body
      assert.equal(at(told, 'firstFailure'), 'no-assignment')
      assert.equal(at(told, 'smallestChange', 'roleName'), 'AcrPull')
      assert.equal(at(told, 'principal', 'id'), stranger.servicePrincipal.objectId)

      const mistyped = await ask('GET', '/v2/team/app/manifests/1', basic(stranger.servicePrincipal.appId, 'wrong'))
      const wrong = (await why(mistyped.id)).body
      assert.deepEqual(at(wrong, 'principal'), { kind: 'claimed', id: stranger.servicePrincipal.appId })
      assert.deepEqual(
        [at(wrong, 'firstFailure'), at(wrong, 'smallestChange')],
        ['wrong-password', { kind: 'sign-in-again' }],
      )
      assert.deepEqual(at(wrong, 'asked'), { action: 'pull', repository: 'team/app', scope: null })

      await arm('PATCH', contoso, { properties: { networkRuleSet: { defaultAction: 'Deny' } } })
      const outside = await ask('GET', '/v2/team/app/manifests/1')
      assert.equal(outside.status, 403)
      const network = (await why(outside.id)).body
      assert.deepEqual(
        [at(network, 'firstFailure'), at(network, 'smallestChange')],
        ['network-rule', { kind: 'allow-address', address: '127.0.0.1' }],
      )
      assert.equal(at(network, 'remoteAddress'), '127.0.0.1')
    })

    test('of a token that this server signed names its owner, even after revocation', async (t) => {
      const { arm, ask, why, owner, puller, tokenFor, database, directory, time } = await open(t, kind)
      const { objectId } = puller.servicePrincipal
      const enable = (enabled: boolean) =>
        database.transaction((transaction) =>
          directory.applications.updateServicePrincipal(transaction, objectId, { enabled }),
        )
      const tokens = {
        acr: await tokenFor(puller, 'https://containerregistry.azure.net/.default'),
        arm: await tokenFor(puller, 'https://management.azure.com/.default'),
      }
      const expectOwner = async (answer: { status: number; id: string }, failure: string, change: string) => {
        assert.equal(answer.status, 401)
        const { body } = await why(answer.id, { token: await tokenFor(owner) })
        assert.deepEqual(at(body, 'principal'), { kind: 'service-principal', id: objectId })
        assert.equal(typeof at(body, 'credential', 'id'), 'string')
        assert.deepEqual([at(body, 'firstFailure'), at(body, 'smallestChange', 'kind')], [failure, change])
      }
      const exchange = (access_token: string) =>
        ask('POST', '/oauth2/exchange', undefined, {
          grant_type: 'access_token',
          service: 'contoso.azurecr.example:5443',
          access_token,
        })
      const manage = async () => {
        const { status, headers } = await arm('GET', contoso, undefined, { token: tokens.arm })
        return { status, id: String(headers.get('x-ms-correlation-request-id')) }
      }
      await enable(false)
      await expectOwner(await exchange(tokens.acr), 'principal-is-disabled', 'enable-principal')
      await expectOwner(await manage(), 'principal-is-disabled', 'enable-principal')
      await enable(true)
      await arm('PATCH', contoso, {
        properties: { policies: { azureADAuthenticationAsArmPolicy: { status: 'disabled' } } },
      })
      await expectOwner(await exchange(tokens.arm), 'arm-tokens-are-rejected', 'enable-arm-tokens')
      const unused = await tokenFor(puller, 'https://containerregistry.azure.net/.default')
      time.nowMs += 90 * 60 * 1000
      await expectOwner(await exchange(tokens.acr), 'expired', 'sign-in-again')
      await expectOwner(await exchange(unused), 'expired', 'sign-in-again')
      const last = await tokenFor(puller, 'https://containerregistry.azure.net/.default')
      await database.transaction((transaction) => directory.applications.deleteServicePrincipal(transaction, objectId))
      await expectOwner(await exchange(last), 'principal-is-gone', 'sign-in-again')
    })

    test('with public access disabled differs from that of an unlisted address, at the token endpoint too', async (t) => {
      const { arm, ask, why } = await open(t, kind)
      const url = '/oauth2/token?service=contoso.azurecr.example:5443&scope=repository:team/app:pull'
      const denials = async () => {
        const ids = [(await ask('GET', '/v2/team/app/manifests/1')).id, (await ask('GET', url)).id]
        const decisions = await Promise.all(ids.map((id) => why(id)))
        return decisions.map(({ body }) => [at(body, 'firstFailure'), at(body, 'smallestChange')])
      }
      await arm('PATCH', contoso, { properties: { networkRuleSet: { defaultAction: 'Deny' } } })
      const unlisted = ['network-rule', { kind: 'allow-address', address: '127.0.0.1' }]
      assert.deepEqual(await denials(), [unlisted, unlisted])
      await arm('PATCH', contoso, { properties: { publicNetworkAccess: 'Disabled' } })
      const both = ['public-network-disabled', { kind: 'enable-public-network', address: '127.0.0.1' }]
      assert.deepEqual(await denials(), [both, both])
      await arm('PATCH', contoso, { properties: { networkRuleSet: { defaultAction: 'Allow' } } })
      const closed = ['public-network-disabled', { kind: 'enable-public-network', address: null }]
      assert.deepEqual(await denials(), [closed, closed])
    })
  })
}

test('the record of a decision over many assignments is within the size limit of an event', async (t) => {
  const { database, access, ask, why, puller, pullerBasic } = await open(t, usualDatabaseKind)
  const condition = `${'('.repeat(20)}@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'x'${')'.repeat(20)}`
  await database.transaction(async (transaction) => {
    for (let number = 0; number < 50; number += 1) {
      const name = crypto.randomUUID()
      await access.putRoleDefinition(transaction, {
        name,
        roleName: `role ${number}`,
        description: '',
        assignableScopes: [contoso],
        permissions: [
          {
            actions: ['Microsoft.ContainerRegistry/registries/push/write'],
            notActions: [],
            dataActions: [],
            notDataActions: [],
          },
        ],
        author: 'test',
      })
      const given = { name, scope: contoso, roleDefinitionName: name, principalId: puller.servicePrincipal.objectId }
      const terms = {
        condition,
        conditionVersion: '2.0',
        createdBy: 'test',
        principalType: 'ServicePrincipal',
      } as const
      await access.createAssignment(transaction, { ...given, ...terms })
    }
  })
  const denied = await ask('POST', '/v2/team/app/blobs/uploads/', pullerBasic)
  const { body, text } = await why(denied.id)
  assert.equal(at(body, 'assignmentCount'), 51, text)
  assert.equal(at(body, 'firstFailure'), 'condition-cannot-be-evaluated')
  assert.equal(at(body, 'assignments', 0, 'result'), 'condition-cannot-be-evaluated')
  assert.ok(text.length < 9000)
})
