import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { assignRole, createServicePrincipal, registryId, roles } from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'

async function principal(server: RunningServer, name: string): Promise<string> {
  const { appId, password, objectId } = await createServicePrincipal(server, name)
  await assignRole(server, objectId, roles.acrPull, registryId(server))
  return basic(appId, password)
}

function asker(server: RunningServer, authorization: string, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { caFile } = server
  const ask = (path: string): Promise<HttpResponse> =>
    request({ url: `${server.baseUrl}${path}`, headers: { authorization }, agent, caFile })
  return { ask, end: () => agent.destroy() }
}

test('while others ask, a caller has its share of the processor, and its requests wait; the others do not', async () => {
  await using server = await startServer({
    args: ['--limits-processor-percent-per-caller', '2', '--log-level', 'warn'],
  })
  const { appId, password } = server.firstRun.servicePrincipal
  const owner = basic(appId, password)
  for (let at = 0; at < 4; at += 1) await pushImage(server, `team/app-${at}`, '1', owner)
  const greedy = asker(server, await principal(server, 'greedy'), 16)
  const modest = asker(server, await principal(server, 'modest'), 1)
  const state = { isOver: false, served: 0 }
  const loop = async () => {
    while (!state.isOver) {
      const { status } = await greedy.ask('/acr/v1/team/app-0/_manifests')
      assert.equal(status, 200)
      state.served += 1
    }
  }
  await modest.ask('/v2/team/app-1/manifests/1')
  const loops = Promise.all(Array.from({ length: 16 }, loop))
  let asked = 0
  const waits: number[] = []
  for (const end = performance.now() + 5000; performance.now() < end; asked += 1) {
    const begun = performance.now()
    assert.equal((await modest.ask('/v2/team/app-1/manifests/1')).status, 200)
    waits.push(performance.now() - begun)
    await sleep(20)
  }
  const whileOthersAsked = state.served
  // When no other caller has sent a request for half a second, it may use the whole server.
  await sleep(1000)
  const before = state.served
  await sleep(5000)
  const alone = state.served - before
  state.isOver = true
  await loops
  greedy.end()
  modest.end()
  assert.ok(asked > 20, `${asked} requests of the other in five seconds`)
  const rates = { shared: whileOthersAsked / 5, alone: alone / 5 }
  assert.ok(rates.shared > 0 && rates.shared < rates.alone / 2, JSON.stringify(rates))
  waits.sort((a, b) => a - b)
  assert.ok((waits[waits.length >> 1] ?? Infinity) < 500, 'half of the answers within half a second')
})

test('requests beyond the queue of a caller get 429 with a Retry-After that is right', async () => {
  await using server = await startServer({
    args: ['--limits-max-concurrent-requests-per-caller', '1', '--log-level', 'warn'],
  })
  const { appId, password } = server.firstRun.servicePrincipal
  const owner = basic(appId, password)
  await pushImage(server, 'team/app', '1', owner)
  const flood = asker(server, await principal(server, 'flood'), 300)
  const other = asker(server, await principal(server, 'other'), 1)
  for (let batch = 0; batch < 10; batch += 1) {
    await Promise.all(Array.from({ length: 30 * (batch + 1) }, () => flood.ask('/v2/')))
  }
  const all = Array.from({ length: 700 }, () => flood.ask('/acr/v1/team/app/_manifests'))
  assert.equal((await other.ask('/v2/team/app/manifests/1')).status, 200)
  const answers = await Promise.all(all)
  const denied = answers.filter(({ status }) => status === 429)
  assert.ok(denied.length > 0, 'none of 700 requests was too many')
  assert.equal(answers.filter(({ status }) => status === 200).length + denied.length, 700)
  for (const answer of denied) {
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/)
    assert.match(answer.text(), /TOOMANYREQUESTS/)
  }
  await sleep(1000 * Math.max(...denied.map(({ headers }) => Number(headers['retry-after']))))
  assert.equal((await flood.ask('/acr/v1/team/app/_manifests')).status, 200)
  flood.end()
  other.end()
})
