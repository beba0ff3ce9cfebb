import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createServicePrincipal } from '../harness/arm.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { runAcrux } from '../serve/acrux.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())
const { appId, password } = server.firstRun.servicePrincipal
await pushImage(server, 'team/app', '1', basic(appId, password))

interface Told {
  rows: number
  denials: number
}

/** How many rows tell of the denials of an actor, and how many denials they tell of. */
async function toldOf(actorId: string): Promise<Told> {
  const { stdout, code } = await runAcrux(['audit', 'export', '--data-dir', server.dataDir, '--principal', actorId])
  assert.equal(code, 0)
  const events = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
    .filter((event) => stringAt(event, 'outcome') === 'refused')
  const count = (event: unknown) => Number(at(event, 'detail', 'folded', 'count') ?? 1)
  return { rows: events.length, denials: events.reduce<number>((sum, event) => sum + count(event), 0) }
}

async function inTurns(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  const run = async (from: number) => {
    for (let index = from; index < count; index += 8) await work(index)
  }
  await Promise.all(Array.from({ length: 8 }, (_, from) => run(from)))
}

test('Noise under other names from the same address hides no guess for one name from the audit log', async () => {
  const guess = (name: string) => wire.send({ target: '/v2/', authorization: basic(name, 'a guess') })
  await inTurns(1500, (index) => guess(`noise-${index}`))
  for (let index = 0; index < 10; index += 1) await guess('no-such-owner')
  await until('all ten guesses are told', async () => (await toldOf('no-such-owner')).denials === 10)
})

test('Denied reads of one principal are combined into one event with their number', async () => {
  const nobody = await createServicePrincipal(server, 'nobody')
  const authorization = basic(nobody.appId, nobody.password)
  const denied = 1500
  await inTurns(denied, async (index) => {
    const answer = await wire.send({ target: `/v2/team/app${index % 7}/manifests/latest`, authorization })
    assert.ok([401, 403, 429].includes(answer.status), String(answer.status))
  })
  await until('a count is told', async () => (await toldOf(nobody.objectId)).denials > 1000)
  const { rows } = await toldOf(nobody.objectId)
  assert.ok(rows < 300, `${rows} rows for ${denied} denied reads`)
})
