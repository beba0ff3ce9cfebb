import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestContext, test } from 'node:test'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { accessToken, basic } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { Client, isCut } from './client.ts'
import { Ledger } from './ledger.ts'
import { Pusher, repositories, type PusherEvent } from './pusher.ts'
import { seededRandom, type Random } from './random.ts'
import { Verifier } from './verify.ts'

/** Each kill comes at a random moment. */
const kills = Number(process.env['KILLS'] ?? 100)
/** Fewer: the commit is PostgreSQL's, which is not killed. */
const killsOnPostgres = Number(process.env['KILLS'] ?? 25)
const pushers = 6
/** Set it to repeat the moments of a run, as far as the timing of the machine allows. */
const seed = Number(process.env['KILL_SEED'] ?? randomInt(2 ** 32))

/** The moment of a kill: so long after the beginning, or when something has been asked or answered so often. */
type Moment = { afterMs: number } | { event: PusherEvent; count: number; delayMs: number }

function someMoment(random: Random): Moment {
  if (random.chance(0.4)) return { afterMs: random.integer(20, 400) }
  const event = random.pick([
    'manifest asked',
    'manifest acknowledged',
    'blob asked',
    'blob acknowledged',
    'chunk asked',
  ] as const)
  return { event, count: random.integer(1, 25), delayMs: random.chance(0.5) ? 0 : random.integer(1, 6) }
}

/** Lets pushers push until the server is killed at the moment. */
async function pushUntilKilled(
  server: RunningServer,
  authorizations: readonly string[],
  ledger: Ledger,
  round: number,
): Promise<void> {
  const moment = someMoment(seededRandom(seed, `moment ${round}`))
  const now = Promise.withResolvers<number>()
  let left = 'count' in moment ? moment.count : 0
  const onEvent = (event: PusherEvent): void => {
    if ('event' in moment && event === moment.event && (left -= 1) === 0) now.resolve(moment.delayMs)
  }
  let killed = false
  const runs = Array.from({ length: pushers }, async (_, index) => {
    using client = new Client(server, authorizations[index % authorizations.length] ?? '', 1)
    const name = `p${index}-${round}`
    const pusher = new Pusher({ name, client, ledger, random: seededRandom(seed, name), onEvent })
    await pusher.run().catch((error: unknown) => {
      if (!killed || !isCut(error)) throw error
    })
  })
  const broken = Promise.all(runs)
  broken.catch(() => undefined)
  // What is waited for may never be asked or answered so often; where the machine is busy it takes its time.
  const longestMs = 'afterMs' in moment ? moment.afterMs : 2_000
  const delayMs = await Promise.race([now.promise, sleep(longestMs, 0), broken])
  if (typeof delayMs === 'number' && delayMs > 0) await sleep(delayMs)
  killed = true
  await server.kill('SIGKILL')
  await broken
}

/** Kills the server again and again while pushers push, and verifies after each kill and at the end. */
async function pushThroughKills(t: TestContext, kills: number, database: readonly string[]): Promise<void> {
  t.diagnostic(`KILL_SEED=${seed}`)
  const args = ['--log-level', 'warn', '--gc-interval-seconds', '1', '--gc-lease-seconds', '90', ...database]
  await using server = await startServer({ args, registry: 'durable' })
  const { appId, password } = server.firstRun.servicePrincipal
  const scopes = repositories.map((name) => `repository:${name}:pull,push`)
  const token = await accessToken(server, { username: appId, password }, scopes)
  const authorizations = [basic(appId, password), `Bearer ${token}`]
  const ledger = new Ledger()
  const uploads = { resumed: 0, cancelled: 0, gone: 0 }
  let unanswered = 0

  for (let round = 1; round <= kills; round += 1) {
    const before = { pushes: ledger.pushes.length, blobs: ledger.blobs.length }
    await pushUntilKilled(server, authorizations, ledger, round)
    await server.restart()
    using client = new Client(server, authorizations[0] ?? '', 8)
    const verifier = new Verifier(client, ledger)
    const unsettled = ledger.unsettledTags()
    unanswered += unsettled.length
    await Promise.all([
      ...unsettled.map(({ repository, tag }) => verifier.tag(repository, tag)),
      ...ledger.pushes.slice(before.pushes).map((push) => verifier.push(push)),
      ...ledger.blobs.slice(before.blobs).map(async ({ repository, blob }) => {
        assert.equal(await verifier.blob(repository, blob.digest), true, `${blob.digest} was acknowledged`)
      }),
    ])
    const random = seededRandom(seed, `uploads ${round}`)
    const open = [...ledger.uploads]
    ledger.uploads.clear()
    for (const upload of open) uploads[await verifier.upload(upload, random)] += 1
  }

  using client = new Client(server, authorizations[0] ?? '', 8)
  const verifier = new Verifier(client, ledger)
  for (let index = 0; index < ledger.pushes.length; index += 50) {
    await Promise.all(ledger.pushes.slice(index, index + 50).map((push) => verifier.push(push)))
  }
  const tags = await Promise.all(repositories.map((repository) => verifier.everyTag(repository)))
  assert.doesNotMatch(server.output(), /"level":(50|60)/, 'the server logged an error')
  t.diagnostic(
    `${ledger.pushes.length} manifests and ${ledger.blobs.length} blobs acknowledged, tags: ${tags.join(', ')}`,
  )
  t.diagnostic(`${unanswered} tags unanswered at a kill; uploads interrupted: ${JSON.stringify(uploads)}`)
  assert.ok(ledger.pushes.length > kills, 'the pushers hardly came to push')
}

test(`Pushes survive ${kills} kills of the server: what was acknowledged is whole, what was not is not half there`, (t) =>
  pushThroughKills(t, kills, []))

test(`Pushes survive ${killsOnPostgres} kills of a server with its rows in PostgreSQL`, async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  await pushThroughKills(t, killsOnPostgres, postgres.createDatabase('durable').args)
})
