import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, assignRole, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, exchange, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { askExchange } from '../rights/tokens.ts'
import {
  createIdentity,
  enroll,
  machineId,
  newCode,
  putMachine,
  startMachine,
  type Identity,
  type RunningMachine,
} from './machine.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { servicePrincipal } = server.firstRun
const manifestPath = '/v2/team/app/manifests/1'
const pull = 'repository:team/app:pull'
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))

/** Everything that an identity of a machine can hold, each got from the one before it; none of it has expired. */
async function holdingsOf(machine: RunningMachine, identity: Identity) {
  await assignRole(server, identity.objectId, roles.acrPull, registryId(server))
  await assignRole(server, identity.objectId, roles.reader, registryId(server))
  const query = `&client_id=${identity.clientId}`
  const identityToken = await machine.token(query)
  const graphToken = await machine.token(query, `${server.baseUrl}/graph/`)
  const refresh = await exchange(server, identityToken)
  const access = await accessToken(server, { refreshToken: refresh }, [pull])
  const uses: Record<string, () => Promise<{ status: number }>> = {
    'the identity token at ARM': () => arm(server, 'GET', registryId(server), undefined, identityToken),
    'the identity token at Graph': () =>
      graph(server, 'GET', `/servicePrincipals/${identity.objectId}`, undefined, graphToken),
    'the identity token at the exchange': () => askExchange(server, identityToken),
    'the ACR refresh token': () => askAccessToken(server, { refreshToken: refresh }, [pull]),
    'the ACR access token': () => get(server, manifestPath, `Bearer ${access}`),
  }
  return async (expected: 'works' | 'refused') => {
    for (const [what, use] of Object.entries(uses)) {
      const { status } = await use()
      assert.equal(status, expected === 'works' ? 200 : 401, what)
    }
  }
}

const ends: Record<string, (name: string, machine: RunningMachine, identity: Identity) => Promise<unknown>> = {
  'is deleted': async (_name, _machine, { id }) => expectStatus(await arm(server, 'DELETE', id), 200),
  'is detached from the machine': (name) => putMachine(server, name, []),
  'loses the machine': async (name) => expectStatus(await arm(server, 'DELETE', machineId(server, name)), 200),
  'belongs to a machine that is enrolled anew': async (name, { stateDir }) =>
    assert.equal((await enroll(server, await newCode(server, name), `${stateDir}-2`)).code, 0),
  'is disabled in the directory': async (_name, _machine, { objectId }) =>
    expectStatus(await graph(server, 'PATCH', `/servicePrincipals/${objectId}`, { accountEnabled: false }), 204),
}
for (const [index, [how, end]] of Object.entries(ends).entries()) {
  test(`whatever a user-assigned identity holds is refused at the next request when it ${how}`, async () => {
    const name = `machine-${index}`
    const identity = await createIdentity(server, `identity-${index}`)
    await using machine = await startMachine(server, name, [identity])
    const assertAll = await holdingsOf(machine, identity)
    await assertAll('works')
    await end(name, machine, identity)
    await assertAll('refused')
  })
}

test('whatever a machine holds as itself is refused at the next request when it is deleted or enrolled anew', async () => {
  for (const name of ['deleted', 'renewed']) {
    await using machine = await startMachine(server, name)
    const assertAll = await holdingsOf(machine, machine.own)
    await assertAll('works')
    if (name === 'deleted') expectStatus(await arm(server, 'DELETE', machineId(server, name)), 200)
    else assert.equal((await enroll(server, await newCode(server, name), `${machine.stateDir}-2`)).code, 0)
    await assertAll('refused')
  }
})

test('detaching one identity leaves another, and the machine itself, as they were', async () => {
  const [kept, gone] = [await createIdentity(server, 'kept'), await createIdentity(server, 'gone')]
  await using machine = await startMachine(server, 'several', [kept, gone])
  const assertions = [
    await holdingsOf(machine, kept),
    await holdingsOf(machine, machine.own),
    await holdingsOf(machine, gone),
  ]
  await putMachine(server, 'several', [kept])
  await assertions[0]?.('works')
  await assertions[1]?.('works')
  await assertions[2]?.('refused')
})

test('a machine that is made again under the name of one that was deleted is another', async () => {
  const first = await putMachine(server, 'again')
  expectStatus(await arm(server, 'DELETE', machineId(server, 'again')), 200)
  const second = expectStatus(await arm(server, 'PUT', machineId(server, 'again'), { location: 'local' }), 201).json()
  assert.notEqual(stringAt(second, 'identity', 'principalId'), first)
})
