import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { arm, createServicePrincipal, expectStatus } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { type TestDatabase, requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, pushBlob } from '../harness/registry.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { serveHttps, trustArguments } from '../harness/token-issuer.ts'
import { until } from '../harness/until.ts'

/** Receives webhooks, and keeps the names of the applications whose creation they report. */
async function startReceiver() {
  const created: string[] = []
  const server = await serveHttps(() => (incoming, response) => {
    let body = ''
    incoming.setEncoding('utf8').on('data', (text: string) => (body += text))
    incoming.on('end', () => {
      created.push(stringAt(JSON.parse(body), 'data', 'target'))
      response.writeHead(204).end()
    })
  })
  return { ...server, created }
}

async function createWebhook(server: RunningServer, serviceUri: string): Promise<void> {
  const { subscriptionId } = server.firstRun
  const path = `/subscriptions/${subscriptionId}/providers/Acrux.Server/auditWebhooks/all?api-version=2024-11-01`
  const properties = { serviceUri, filter: { actions: ['application.create'] } }
  assert.equal(at(expectStatus(await arm(server, 'PUT', path, { properties }), 201).json(), 'name'), 'all')
}

/** Whether there is one chain, in which all events are. */
function isChainComplete(database: TestDatabase): boolean {
  const unchained = 'select count(*) from audit_event where seq > (select max(covers_to) from audit_block)'
  const broken = `select count(*) from audit_block b left join audit_block a on a.number = b.number - 1
    where b.number > 1 and a.hash is distinct from b.previous_hash`
  assert.equal(database.query(broken), '0')
  return database.query(unchained) === '0'
}

test('the jobs run in one of three servers, and continue in another one when it is killed', async (t) => {
  if (!requirePostgres(t)) return
  await using receiver = await startReceiver()
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  const args = [...trustArguments(receiver), '--gc-interval-seconds', '2', '--gc-grace-period-seconds', '1']
  await using server = await startServer({ args: [...database.args, ...args] })
  await using second = await startReplica(server, database, { args })
  await using third = await startReplica(server, database, { args })
  const { servicePrincipal } = server.firstRun
  const owner = basic(servicePrincipal.appId, servicePrincipal.password)
  await createWebhook(server, `${receiver.origin}/events`)
  const holder = () => database.query('select process from process_claim')
  const first = holder()
  assert.equal(database.query('select count(*) from server_process'), '3')
  const path = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/status`
  const servers = listAt(expectStatus(await arm(second, 'GET', path), 200).json(), 'servers')
  assert.deepEqual(
    servers.filter((each) => at(each, 'runsJobs') === true).map((each) => at(each, 'id')),
    [first],
  )
  assert.equal(servers.filter((each) => at(each, 'isThis') === true).length, 1)
  for (const each of servers) {
    assert.match(stringAt(each, 'version'), /^\d+\.\d+\.\d+/)
    assert.ok(Date.now() - Date.parse(stringAt(each, 'lastSeenAt')) < 30_000)
  }

  let number = 0
  const work = async (on: readonly RunningServer[]): Promise<void> => {
    for (const each of on) {
      await createServicePrincipal(each, `application-${(number += 1)}`)
      await pushBlob(each, 'team/app', randomBytes(1000), owner)
    }
  }
  const done = async (): Promise<void> => {
    await until('all events are in the chain', () => isChainComplete(database))
    await until('the webhook has all events', () => new Set(receiver.created).size >= number)
    await until(
      'the blobs that no manifest names are collected',
      () => database.query('select count(*) from blob') === '0',
    )
  }
  await work([server, second, third])
  await done()
  assert.equal(holder(), first, 'the first server runs the jobs')

  await work([server, second, third])
  await server.kill()
  await work([second, third])
  await done()
  assert.notEqual(holder(), first)
  await until('the killed server is removed', () => database.query('select count(*) from server_process') === '2')

  await second.kill()
  await work([third])
  await done()
  await until('the second is removed', () => database.query('select count(*) from server_process') === '1')
  await third.stop()
  assert.equal(database.query('select count(*) from server_process'), '0')
  assert.equal(database.query('select count(*) from process_claim'), '0')
})
