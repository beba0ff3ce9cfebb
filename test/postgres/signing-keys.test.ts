import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arm, armToken, as, expectStatus, registryId } from '../harness/arm.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { accessToken, basic, get, pushImage } from '../harness/registry.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'

type Tokens = { readonly arm: string; readonly acr: string }

/** A token with an id of a key that no server has. */
function withUnknownKey(token: string): string {
  const [head = '', ...rest] = token.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as object
  return [Buffer.from(JSON.stringify({ ...header, kid: 'unknown' })).toString('base64url'), ...rest].join('.')
}

test('signing keys of three servers on one PostgreSQL', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  await using server = await startServer({ args: database.args })
  await using second = await startReplica(server, database)
  await using third = await startReplica(server, database)
  const servers = [server, second, third]
  const { appId, password } = server.firstRun.servicePrincipal
  await pushImage(server, 'team/app', '1', basic(appId, password))
  let number = 0
  /** For scopes that differ, because a repeated request gets the same token. */
  const tokensOf = async (from: RunningServer): Promise<Tokens> => {
    const scopes = ['repository:team/app:pull', `repository:team/other${(number += 1)}:pull`]
    return { arm: await armToken(from), acr: await accessToken(from, { username: appId, password }, scopes) }
  }
  const statuses = async (at: RunningServer, { arm: forArm, acr }: Tokens): Promise<number[]> => [
    (await arm(as(at, forArm), 'GET', registryId(server))).status,
    (await get(at, '/v2/team/app/manifests/1', `Bearer ${acr}`)).status,
  ]
  const change = async (on: RunningServer, what: 'rotate' | 'withdraw'): Promise<void> => {
    const path = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/${what}SigningKeys`
    expectStatus(await arm(on, 'POST', path), 200)
  }

  await t.test('a token of a new key is valid on all of them at once, and those of the old one still are', async () => {
    for (const one of servers) {
      const before = await tokensOf(one)
      const unknown = { arm: withUnknownKey(before.arm), acr: withUnknownKey(before.acr) }
      // Each has just looked for a key that it does not know.
      for (const each of servers) assert.deepEqual(await statuses(each, unknown), [401, 401])
      await change(one, 'rotate')
      const after = await Promise.all(servers.map(tokensOf))
      for (const tokens of [before, ...after]) {
        for (const each of servers) assert.deepEqual(await statuses(each, tokens), [200, 200])
      }
    }
  })

  await t.test('tokens that are issued during a rotation are valid on all of them', async () => {
    const over = new AbortController()
    const rotations = (async () => {
      for (const one of servers) await change(one, 'rotate')
    })().finally(() => over.abort())
    let tried = 0
    while (!over.signal.aborted) {
      const tokens = await tokensOf(servers[tried % 3] ?? server)
      for (const each of servers) assert.deepEqual(await statuses(each, tokens), [200, 200])
      tried += 1
    }
    await rotations
    assert.ok(tried > 0)
  })

  await t.test('tokens of withdrawn keys are denied by all of them from the next request on', async () => {
    for (const one of servers) {
      const before = await Promise.all(servers.map(tokensOf))
      await change(one, 'withdraw')
      for (const tokens of before) {
        for (const each of servers) assert.deepEqual(await statuses(each, tokens), [401, 401])
      }
      const after = await tokensOf(one)
      for (const each of servers) assert.deepEqual(await statuses(each, after), [200, 200])
    }
  })
})
