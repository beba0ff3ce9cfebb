import assert from 'node:assert/strict'
import { get } from 'node:https'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { until } from '../harness/until.ts'
import { type Finished, type Place, freePlace, runAcrux, startAcrux } from './acrux.ts'

const verify = (place: Place, ...flags: string[]): Promise<Finished> =>
  runAcrux(['audit', 'verify', '--data-dir', place.dataDir, ...flags])

function checkpointIn({ stdout }: Finished): string {
  const [, checkpoint] = /^checkpoint (\d+:[0-9a-f]{64})$/m.exec(stdout) ?? []
  assert.ok(checkpoint !== undefined, stdout)
  return checkpoint
}

function alter(place: Place, statement: string): void {
  const database = new DatabaseSync(`${place.dataDir}/acrux.db`)
  database.exec(statement)
  database.close()
}

/** The number of events in the chain, as the command prints it. */
const countIn = ({ stdout }: Finished): number => Number(/^(\d+) events in/m.exec(stdout)?.[1])

test('acrux audit verify finds the log complete while the server runs, and after a stop and a kill', async () => {
  using place = await freePlace()
  await using server = await startAcrux(place.args)
  let running = await verify(place)
  await until('what the first start made is in the chain', async () => {
    running = await verify(place)
    return countIn(running) > 0
  })
  assert.equal(running.code, 0, running.stderr)
  assert.match(running.stdout, /^the audit log is intact$/m)
  server.signal('SIGKILL')
  await server.ended
  const killed = await verify(place, '--expect', checkpointIn(running))
  assert.equal(killed.code, 0, killed.stderr)
  await using again = await startAcrux(place.args)
  again.signal('SIGTERM')
  assert.equal((await again.ended).code, 0)
  const stopped = await verify(place, '--expect', checkpointIn(killed))
  assert.equal(stopped.code, 0, stopped.stderr)
  assert.doesNotMatch(stopped.stdout, /not in the chain yet/)
})

test('acrux audit verify names the event that was altered and ends with code 1', async () => {
  using place = await freePlace()
  await using server = await startAcrux(place.args)
  server.signal('SIGTERM')
  await server.ended
  const checkpoint = checkpointIn(await verify(place))
  alter(place, `update audit_event set actor_id = 'somebody else' where seq = 1`)
  const altered = await verify(place)
  assert.equal(altered.code, 1)
  assert.match(altered.stderr, /^acrux: event 1 was changed$/m)
  assert.match(altered.stdout, /^the audit log was altered$/m)
  assert.match(altered.stderr, /^acrux: keep a copy of the data directory/m)
  alter(place, 'delete from audit_event; delete from audit_block')
  const emptied = await verify(place, '--expect', checkpoint)
  assert.equal(emptied.code, 1)
  assert.match(emptied.stderr, /^acrux: the chain ends before block \d+/m)
})

test('acrux audit rejects what is no data directory, no checkpoint and no command, each with its code', async () => {
  using place = await freePlace()
  const nowhere = await verify(place)
  assert.equal(nowhere.code, 13)
  assert.match(nowhere.stderr, /^acrux: there is no database in /)
  const checkpoint = await verify(place, '--expect', 'yesterday')
  assert.equal(checkpoint.code, 2)
  assert.match(checkpoint.stderr, /64 hexadecimal digits/)
  assert.equal((await runAcrux(['audit', 'burn'])).code, 2)
  const help = await runAcrux(['audit', '--help'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /acrux audit verify --data-dir/)
})

test('acrux audit export writes every event as a line of JSON, and list shows the newest in words', async () => {
  using place = await freePlace()
  await using server = await startAcrux(place.args)
  const url = /ready at (\S+)$/m.exec(server.stdout())?.[1] ?? ''
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const headers = { authorization: 'Bearer x.y.z' }
      get(`${url}/subscriptions?api-version=2020-01-01`, { headers, rejectUnauthorized: false }, (response) => {
        response.resume()
        resolve(String(response.headers['x-ms-correlation-request-id']))
      }).on('error', reject)
    })
  const correlationIds = [await ask(), await ask(), await ask()]
  const at = ['--data-dir', place.dataDir]
  const exported = await runAcrux(['audit', 'export', ...at])
  assert.equal(exported.code, 0, exported.stderr)
  const events = exported.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; outcome: string; correlationId: string })
  assert.equal(events[0]?.id, '1')
  const denied = events.filter(({ outcome }) => outcome === 'refused').map(({ correlationId }) => correlationId)
  assert.deepEqual(denied, correlationIds)
  const some = await runAcrux(['audit', 'export', ...at, '--outcome', 'refused', '--from', '2020-01-01'])
  assert.equal(some.stdout.trimEnd().split('\n').length, 3)
  assert.equal((await runAcrux(['audit', 'export', ...at, '--to', '2020-01-01T00:00Z'])).stdout, '')
  const listed = await runAcrux(['audit', 'list', ...at, '--limit', '1'])
  assert.equal(listed.code, 0, listed.stderr)
  assert.match(listed.stdout, new RegExp(`^TIME +OUTCOME .*\n-+ .*\n\\S+Z +refused .* ${correlationIds[2]}\n$`))
  const ids = await runAcrux([
    'audit',
    'list',
    ...at,
    '--outcome',
    'refused',
    '--query',
    '[].correlationId',
    '-o',
    'tsv',
  ])
  assert.deepEqual(ids.stdout.trim().split('\n'), correlationIds.toReversed())
  const none = await runAcrux(['audit', 'list', ...at, '--from', '2020-01-01', '--to', '2020-01-02'])
  assert.deepEqual([none.code, none.stdout], [0, 'no event matches\n'])
  const one = await runAcrux(['audit', 'list', ...at, '--correlation-id', correlationIds[0] ?? ''])
  assert.match(one.stdout, new RegExp(` ${correlationIds[0]}\n$`))
  assert.equal((await runAcrux(['audit', 'list', ...at, '--from', 'yesterday'])).code, 2)
  assert.equal((await runAcrux(['audit', 'list', ...at, '--outcome', 'perhaps'])).code, 2)
  const both = await runAcrux(['audit', 'list', ...at, '--server', url])
  assert.equal(both.code, 2)
  assert.match(both.stderr, /--data-dir cannot be combined with --server or --name/)
})
