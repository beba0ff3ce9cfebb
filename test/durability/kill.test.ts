import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { accessToken, basic } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { Client, isCut } from './client.ts'
import { Ledger } from './ledger.ts'
import { momentOf, watchMoment } from './moment.ts'
import { Pusher, repositories } from './pusher.ts'
import { seededRandom } from './random.ts'
import { Verifier } from './verify.ts'

/** Each kill comes at a random moment; each kind of moment comes six times. */
const kills = Number(process.env['KILLS'] ?? 36)
/** Fewer, twice for each kind: the commit is PostgreSQL's, which is not killed. */
const killsOnPostgres = Number(process.env['KILLS'] ?? 12)
const pushers = 6
/** Set it to repeat the moments of a run, as far as the timing of the machine allows. */
const seed = Number(process.env['KILL_SEED'] ?? randomInt(2 ** 32))

/** Lets pushers push until the server is killed at the moment. */
async function pushUntilKilled(
  server: RunningServer,
  authorizations: readonly string[],
  ledger: Ledger,
  round: number,
): Promise<void> {
  const { onEvent, reached } = watchMoment(momentOf(round, seededRandom(seed, `moment ${round}`)))
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
  await Promise.race([reached(), broken])
  killed = true
  await server.kill('SIGKILL')
  await broken
}

/** Kills the server again and again while pushers push, and verifies after each kill and at the end. */
async function pushThroughKills(t: TestContext, kills: number, database: readonly string[]): Promise<void> {
  t.diagnostic(`KILL_SEED=${seed}`)
  const args = ['--log-level', 'warn', '--gc-interval-seconds', '1', '--gc-grace-period-seconds', '90', ...database]
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
    const found = await new Verifier(client, ledger).since(before, seededRandom(seed, `uploads ${round}`))
    unanswered += found.unanswered
    for (const upload of found.uploads) uploads[upload] += 1
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
  // On a busy machine, most kills come before the first manifest of their round.
  assert.ok(ledger.pushes.length + ledger.blobs.length > 2 * kills, 'the pushers hardly came to push')
}

test(`Pushes survive ${kills} kills of the server: what was acknowledged is whole, what was not is not half there`, (t) =>
  pushThroughKills(t, kills, []))

test(`Pushes survive ${killsOnPostgres} kills of a server with its rows in PostgreSQL`, async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  await pushThroughKills(t, killsOnPostgres, postgres.createDatabase('durable').args)
})
