import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePort } from '../../test/setup/free-port.mjs'
import { loadConfiguration } from './configuration/index.ts'
import { SteeredClock } from './emulator/index.ts'
import { startServer } from './main.ts'

const minuteMs = 60_000

/** A server with two workers and a steered clock, and the owner's credentials. */
async function open(t: TestContext) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'acrux-steered-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const port = await freePort()
  const flags = { dataDir, listen: `127.0.0.1:${port}`, publicHost: `localhost:${port}`, http: true, workers: 2 }
  const configuration = await loadConfiguration({ flags: { ...flags, logLevel: 'silent' }, env: {} })
  const steered = new SteeredClock()
  const server = await startServer(configuration, { clock: steered.clock })
  t.after(() => server.stop())
  const { appId = '', password = '' } = server.firstRun?.content.servicePrincipal ?? {}

  /** Each request has a connection of its own, which the system gives to either worker. */
  const send = (url: string, authorization: string) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const headers = { host: `localhost:${port}`, authorization }
      const sent = request({ host: '127.0.0.1', port, path: url, headers, agent: new Agent() }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        response.on('end', () => resolve({ status: response.statusCode, text }))
      })
      sent.on('error', reject).end()
    })

  async function token(): Promise<string> {
    const basic = `Basic ${Buffer.from(`${appId}:${password}`).toString('base64')}`
    const url = `/oauth2/token?service=localhost:${port}&scope=repository:team/app:pull`
    const { status, text } = await send(url, basic)
    assert.equal(status, 200, text)
    return `Bearer ${(JSON.parse(text) as { access_token: string }).access_token}`
  }

  /** The status codes of many requests: 404 for a token that is valid, because the repository does not exist. */
  async function codes(authorization: string) {
    const found = new Set<number | undefined>()
    for (let time = 0; time < 16; time += 1) found.add((await send('/v2/team/app/manifests/1', authorization)).status)
    return [...found]
  }

  return { steered, server, token, codes }
}

test('every worker decides by the steered clock as soon as it is moved', async (t) => {
  const { steered, server, token, codes } = await open(t)
  const first = await token()
  assert.deepEqual(await codes(first), [404])
  await server.afterClockMove(steered.advance(74 * minuteMs))
  assert.deepEqual(await codes(first), [404])
  await server.afterClockMove(steered.advance(2 * minuteMs))
  assert.deepEqual(await codes(first), [401], 'an access token is valid for 75 minutes')
  const second = await token()
  assert.deepEqual(await codes(second), [404])
  await server.afterClockMove(steered.set({ nowMs: steered.clock.now() - 10 * minuteMs, frozen: true }))
  assert.deepEqual(await codes(second), [401], 'the token is issued ten minutes later')
  assert.deepEqual(await codes(await token()), [404], 'the clock is frozen')
})
