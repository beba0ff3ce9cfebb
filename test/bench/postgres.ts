import { randomUUID } from 'node:crypto'
import { armScope, expectStatus, registryId, roles } from '../harness/arm.ts'
import { form } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { startTestPostgres } from '../harness/postgres.ts'
import { cpuRate, inTurns, medianQuotient, type Figure, type Settings } from './figure.ts'
import { imageRequests } from './image-requests.ts'
import type { Outcome } from './jobs.ts'
import { objectIdOf, repositoryName } from './seed.ts'
import {
  askers,
  bearerOf,
  describe,
  manifestRequest,
  requestsOf,
  tokenByBasic,
  wire,
  type Request,
} from './small-answers.ts'
import { fill, startOn, type Subject } from './subject.ts'

/** As many as there are principals in the small databases: a cold token is the first of its principal. */
const coldTokens = 4_000
const pushes = 400
const many = 100_000

/** The servers that are compared, by their names. */
type Servers = Readonly<Record<'sqlite' | 'postgres' | 'large', Subject>>

/** An operation whose processor time in the server is compared. */
export interface Compared {
  readonly name: string
  /** The minimum rate on PostgreSQL, as a share of that on SQLite. */
  readonly target: number
  /** Prepares the measurement on one of the servers. */
  readonly work: (settings: Settings, subject: Subject) => Promise<() => Promise<Outcome>>
}

/** The operations that are compared. */
export const compared: readonly Compared[] = [
  { name: 'manifest-by-digest', target: 0.9, work: again((subject, number) => manifestByDigest(subject, number)) },
  { name: 'manifest-by-tag', target: 0.35, work: again((subject, number) => manifestRequest('GET', subject, number)) },
  { name: 'token-again', target: 0.9, work: again((subject, number) => tokenByBasic(subject, number)) },
  { name: 'token-cold', target: 0.3, work: coldToken },
  { name: 'push', target: 0.4, work: push },
]

/** Compares servers on PostgreSQL, with few and with many rows, with one on SQLite: the processor time of the server alone. */
export async function measurePostgres(settings: Settings): Promise<Figure[]> {
  const { say, cores, serverArgs } = settings
  say('filling three databases')
  await using stack = new AsyncDisposableStack()
  const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' }
  const postgres = stack.use(await startTestPostgres({ settings: durable }))
  const start = async (repositories: number, database?: string): Promise<Subject> => {
    const place = database === undefined ? {} : { database: postgres.createDatabase(database) }
    const filled = stack.use(await fill({ repositories }, undefined, place))
    return stack.use(await startOn(filled, cores.server, serverArgs))
  }
  const servers = {
    sqlite: await start(coldTokens),
    postgres: await start(coldTokens, 'few'),
    large: await start(many, 'many'),
  }
  const figures: Figure[] = []
  for (const one of compared) figures.push(...(await compare(settings, servers, one)))
  return figures
}

async function compare(settings: Settings, servers: Servers, { name, target, work }: Compared): Promise<Figure[]> {
  settings.say(`${name} on PostgreSQL`)
  const measurements = {
    sqlite: await work(settings, servers.sqlite),
    postgres: await work(settings, servers.postgres),
    large: await work(settings, servers.large),
  }
  // V8 optimizes the code meanwhile.
  await inTurns(2, measurements)
  const outcomes = await inTurns(settings.rounds, measurements)
  const share = (some: readonly Outcome[], others: readonly Outcome[]): number =>
    medianQuotient(some.map(cpuRate), others.map(cpuRate))
  return [
    {
      name: `postgres-${name}`,
      measured: share(outcomes.postgres, outcomes.sqlite),
      unit: 'ratio',
      bound: 'at least',
      target,
      details: `${describe('SQLite', outcomes.sqlite)}, ${describe('PostgreSQL', outcomes.postgres)}`,
    },
    {
      name: `postgres-${name}-flat`,
      measured: Math.abs(1 - share(outcomes.large, outcomes.postgres)),
      unit: 'share',
      bound: 'at most',
      target: 0.15,
      details: `with ${many.toLocaleString('en')} ${describe('', outcomes.large)}`,
    },
  ]
}

function manifestByDigest(subject: Subject, number: number): Promise<Request> {
  return manifestRequest('GET', subject, number, subject.filled.digest)
}

/** Each connection repeats its own request. */
function again(request: (subject: Subject, number: number) => Promise<Request>): Compared['work'] {
  return async ({ load, connections, measuredMs }, subject) => {
    const requests = (await requestsOf(subject, { request }, connections)).map((one) => wire(subject, one))
    const { target } = subject
    return () => load.run({ kind: 'requests', target, requests, connections, warmUpMs: 500, measuredMs })
  }
}

async function coldToken({ load, connections }: Settings, subject: Subject): Promise<() => Promise<Outcome>> {
  const requests = await requestsOf(subject, { request: (of, number) => tokenByBasic(of, number) }, coldTokens)
  const sequences = requests.map((one) => [wire(subject, one)])
  return async () => {
    await changeRights(subject)
    return load.run({ kind: 'once', target: subject.target, sequences, connections })
  }
}

/** Assigns a role to a principal and removes it again, which empties all caches that depend on permissions. */
async function changeRights(subject: Subject): Promise<void> {
  const { firstRun } = subject.filled
  const { appId, password } = firstRun.servicePrincipal
  const { body, headers } = form({
    grant_type: 'client_credentials',
    client_id: appId,
    client_secret: password,
    scope: armScope,
  })
  const answer = await subject.ask('POST', `/${firstRun.tenantId}/oauth2/v2.0/token`, headers, body)
  const authorization = `Bearer ${stringAt(expectStatus(answer, 200).json(), 'access_token')}`
  const path = `${registryId({ firstRun })}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const roleDefinitionId = `/subscriptions/${firstRun.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles.acrPull}`
  const properties = { roleDefinitionId, principalId: objectIdOf(1), principalType: 'ServicePrincipal' }
  const json = { authorization, 'content-type': 'application/json' }
  const assignment = `${path}?api-version=2022-04-01`
  expectStatus(await subject.ask('PUT', assignment, json, JSON.stringify({ properties })), 201)
  expectStatus(await subject.ask('DELETE', assignment, { authorization }), 200)
}

/** Pushes new images of two small blobs: each is three requests on one connection. */
async function push({ load, connections }: Settings, subject: Subject): Promise<() => Promise<Outcome>> {
  const numbers = askers(subject, connections)
  const bearers = await Promise.all(numbers.map((number) => bearerOf(subject, number, 'pull,push')))
  return () => {
    const sequences = Array.from({ length: pushes }, (_, index) => {
      const which = index % numbers.length
      const authorization = bearers[which] ?? ''
      return imageRequests(repositoryName(numbers[which] ?? 1)).map((one) =>
        wire(subject, { ...one, headers: { ...one.headers, authorization } }),
      )
    })
    return load.run({ kind: 'once', target: subject.target, sequences, connections })
  }
}
