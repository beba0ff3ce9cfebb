import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { arm, as, expectStatus, principalWithRole, registryId, roles } from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, digestOf, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

const server = await startServer({ args: ['--limits-repository-quota-bytes', '5000000'] })
after(() => server[Symbol.asyncDispose]())
const { servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const quotas = `${registryId(server)}/providers/Acrux.Server/quotas`
const uploads = `${registryId(server)}/providers/Acrux.Server/uploads`

const send = (method: string, path: string, body?: Buffer | Readable): Promise<HttpResponse> =>
  request({
    method,
    url: new URL(path, registryUrl(server)),
    caFile: server.caFile,
    headers: { authorization: owner },
    ...(body !== undefined && { body }),
  })

const push = (repository: string, bytes: Buffer): Promise<HttpResponse> =>
  send('POST', `/v2/${repository}/blobs/uploads/?digest=${digestOf(bytes)}`, bytes)

async function begin(repository: string): Promise<string> {
  const begun = await send('POST', `/v2/${repository}/blobs/uploads/`)
  assert.equal(begun.status, 202, begun.text())
  return begun.headers.location ?? ''
}

async function sizeRow(): Promise<{ limit: number; used: number }> {
  const listed = expectStatus(await arm(server, 'GET', `${registryId(server)}/listUsages`), 200).json()
  const row = listAt(listed, 'value').find((one) => at(one, 'name') === 'Size')
  return { limit: Number(at(row, 'limit')), used: Number(at(row, 'currentValue')) }
}

function assertDenied(answer: HttpResponse, limitBytes: number): void {
  assert.equal(answer.status, 403, answer.text())
  assert.equal(stringAt(answer.json(), 'errors', 0, 'code'), 'DENIED')
  assert.match(
    stringAt(answer.json(), 'errors', 0, 'message'),
    new RegExp(`${limitBytes} bytes.* \\d+ bytes are in use`),
  )
}

test('a quota of a registry is set, enforced on pushes at the same time, shown as usage, and removed', async () => {
  await pushImage(server, 'team/app', '1', owner)
  const { used } = await sizeRow()
  assert.ok(used > 0)
  const limitBytes = used + 2_000_000
  const made = await arm(server, 'PUT', `${quotas}/All`, { properties: { limitBytes } })
  assert.equal(made.status, 201, made.text())
  assert.deepEqual(at(made.json(), 'properties'), { repository: null, limitBytes, usedBytes: used })
  assert.deepEqual(await sizeRow(), { limit: limitBytes, used })
  assert.deepEqual(expectStatus(await arm(server, 'GET', `${quotas}/all`), 200).json(), made.json())

  const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => push(`team/r${n % 4}`, randomBytes(400_000))))
  for (const answer of answers) if (answer.status !== 201) assertDenied(answer, limitBytes)
  const taken = answers.filter(({ status }) => status === 201).length
  assert.ok(taken > 0 && taken <= 5, `${taken} of 400,000 bytes were taken within 2,000,000`)
  assert.deepEqual(await sizeRow(), { limit: limitBytes, used: used + taken * 400_000 })

  assert.equal((await arm(server, 'DELETE', `${quotas}/all`)).status, 200)
  assert.equal((await arm(server, 'DELETE', `${quotas}/all`)).status, 204)
  assert.equal((await push('team/more', randomBytes(3_000_000))).status, 201)
})

test('a repository has the default quota until it has one of its own', async () => {
  assert.equal((await push('team/models', randomBytes(3_000_000))).status, 201)
  assertDenied(await push('team/models', randomBytes(3_000_000)), 5_000_000)
  const streamed = await send(
    'PATCH',
    await begin('team/models'),
    Readable.from([randomBytes(9), randomBytes(3_000_000)]),
  )
  assertDenied(streamed, 5_000_000)
  const own = { properties: { repository: 'team/models', limitBytes: 10_000_000 } }
  assert.equal((await arm(server, 'PUT', `${quotas}/models`, own)).status, 201)
  assert.equal((await arm(server, 'PUT', `${quotas}/models`, own)).status, 200)
  assert.equal((await push('team/models', randomBytes(3_000_000))).status, 201)
  assert.equal((await arm(server, 'PUT', `${quotas}/again`, own)).status, 409)
  const listed = listAt(expectStatus(await arm(server, 'GET', quotas), 200).json(), 'value')
  assert.deepEqual(
    listed.map((one) => at(one, 'properties')),
    [{ repository: 'team/models', limitBytes: 10_000_000, usedBytes: 6_000_000 }],
  )
})

test('a quota that could be none is denied, and readers set none', async () => {
  for (const [name, properties] of [
    ['x', {}],
    ['x', { limitBytes: -1 }],
    ['x', { limitBytes: 1.5 }],
    ['x', { limitBytes: '1' }],
    ['x', { limitBytes: 2 ** 60 }],
    ['x', { limitBytes: 1, repository: '../x' }],
    ['x', { limitBytes: 1, repository: '_deleted/x' }],
    ['x', { limitBytes: 1, repository: '' }],
    ['a.b', { limitBytes: 1 }],
  ] as const) {
    const answer = await arm(server, 'PUT', `${quotas}/${name}`, { properties })
    assert.equal(answer.status, 400, `${name} ${JSON.stringify(properties)}: ${answer.text()}`)
  }
  assert.equal((await arm(server, 'GET', `${quotas}/none`)).status, 404)
  const reader = await principalWithRole(server, 'reader', roles.reader)
  assert.equal((await arm(as(server, reader), 'GET', quotas)).status, 200)
  assert.equal((await arm(as(server, reader), 'PUT', `${quotas}/x`, { properties: { limitBytes: 1 } })).status, 403)
  const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
  assert.equal((await arm(as(server, pusher), 'GET', quotas)).status, 403)
  assert.equal((await arm(as(server, pusher), 'GET', uploads)).status, 403)
})

test('open uploads are listed with what they hold, and cancelled unless they are being written to', async () => {
  const location = await begin('team/open')
  assert.equal((await send('PATCH', location, randomBytes(250_000))).status, 202)
  const before = await sizeRow()
  const source = new Readable({ read: () => undefined })
  const active = await begin('team/active')
  const sending = send('PATCH', active, source)
  source.push(randomBytes(300_000))
  const rowOf = async (repository: string): Promise<unknown> =>
    listAt(expectStatus(await arm(server, 'GET', uploads), 200).json(), 'value').find(
      (one) => at(one, 'properties', 'repository') === repository,
    )
  const open = await rowOf('team/open')
  assert.equal(at(open, 'properties', 'stagedBytes'), 250_000)
  assert.equal(at(open, 'properties', 'active'), false)
  assert.ok(location.includes(stringAt(open, 'name')))
  for (const time of ['startedAt', 'lastDataAt', 'expiresAt']) assert.match(stringAt(open, 'properties', time), /^20/)
  await until('the other is written to', async () => at(await rowOf('team/active'), 'properties', 'active') === true)
  const activeId = stringAt(await rowOf('team/active'), 'name')
  assert.equal((await arm(server, 'DELETE', `${uploads}/${activeId}`)).status, 409)
  source.push(null)
  assert.equal((await sending).status, 202)
  assert.equal((await arm(server, 'DELETE', `${uploads}/${stringAt(open, 'name')}`)).status, 200)
  assert.equal((await arm(server, 'DELETE', `${uploads}/${stringAt(open, 'name')}`)).status, 204)
  assert.equal((await arm(server, 'DELETE', `${uploads}/x`)).status, 204)
  assert.equal((await send('GET', location)).status, 404)
  assert.equal((await arm(server, 'DELETE', `${uploads}/${activeId}`)).status, 200)
  assert.equal((await sizeRow()).used, before.used - 250_000)
  await server.restart()
  assert.equal((await sizeRow()).used, before.used - 250_000, 'what is in use is known after a restart')
})

test('staged bytes use the quota after a restart too, and are released at once when the repository is deleted', async () => {
  await pushImage(server, 'team/deleted', '1', owner)
  const { used } = await sizeRow()
  assert.equal((await send('PATCH', await begin('team/deleted'), randomBytes(1_000_000))).status, 202)
  assert.equal((await sizeRow()).used, used + 1_000_000)
  await server.restart()
  assert.equal((await sizeRow()).used, used + 1_000_000)
  assert.equal((await send('DELETE', '/acr/v1/team/deleted')).status, 202)
  const after = await sizeRow()
  assert.ok(after.used < used, `${after.used} bytes are in use, and were ${used} before the upload`)
})
