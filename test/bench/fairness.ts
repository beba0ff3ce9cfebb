import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { atProcessEnd } from '../harness/process-end.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { attacks } from './attacks.ts'
import { bind, cpuSeconds } from './cores.ts'
import type { FairnessJob, FairnessReply, Latencies, Scene } from './fairness-jobs.ts'
import { type FairnessReport, type Kind, reportFairness, type Seen, shareOf } from './fairness-report.ts'
import { setScene } from './fairness-scene.ts'
import { median, type Settings } from './figure.ts'

/** A process of the load. */
interface Worker extends AsyncDisposable {
  tell(job: FairnessJob): void
  ask(job: FairnessJob): Promise<FairnessReply>
}

function startWorker(core: number, niceness: number): Worker {
  const child: ChildProcess = fork(fileURLToPath(new URL('fairness-load.ts', import.meta.url)))
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  bind(child.pid ?? 0, core)
  setPriority(child.pid ?? 0, Math.min(19, getPriority() + niceness))
  return {
    tell: (job) => void child.send(job),
    async ask(job) {
      child.send(job)
      const [reply] = (await once(child, 'message')) as [FairnessReply]
      if (reply.kind === 'failed') throw new Error(`the load failed: ${reply.message}`)
      return reply
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await once(child, 'exit')
      forget()
    },
  }
}

function percentiles(numbers: readonly number[]): readonly [number, number] {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN
  return [at(0.5), at(0.99)]
}

/** Resident memory of a process. [proc_pid_status(5)] */
function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024
}

async function latenciesOf(victims: Worker, scene: Scene, milliseconds: number): Promise<Latencies> {
  const reply = await victims.ask({ kind: 'victims', scene, milliseconds })
  if (reply.kind !== 'measured') throw new Error(`expected a measurement, but got ${reply.kind}`)
  return reply.latencies
}

interface Stage {
  readonly scene: Scene
  readonly pid: number
  readonly attacker: Worker
  readonly victims: Worker
}

/** How long the load runs before the measurement, during it, and how long the server rests afterwards. */
interface Duration {
  readonly beforeMs: number
  readonly measuredMs: number
  readonly afterMs: number
}

/** One look at a kind, of which there are hundreds. */
const brief: Duration = { beforeMs: 100, measuredMs: 350, afterMs: 20 }
/** One of several looks at a route that was over a limit in the first one. */
const longer: Duration = { beforeMs: 250, measuredMs: 1000, afterMs: 150 }

async function see(stage: Stage, kind: Kind | undefined, duration: Duration): Promise<Seen> {
  const { scene, pid, attacker, victims } = stage
  const beforeMiB = residentMiB(pid)
  let mostMiB = beforeMiB
  const sampling = setInterval(() => (mostMiB = Math.max(mostMiB, residentMiB(pid))), 50)
  const begun = performance.now()
  if (kind !== undefined) {
    attacker.tell({ kind: 'attack', scene, ...kind })
    await sleep(duration.beforeMs)
  }
  const [cpuBefore, measuredFrom] = [cpuSeconds(pid), performance.now()]
  const { pull, token } = await latenciesOf(victims, scene, duration.measuredMs)
  const processorPercent = ((cpuSeconds(pid) - cpuBefore) / (performance.now() - measuredFrom)) * 100_000
  clearInterval(sampling)
  const grownMiB = mostMiB - beforeMiB
  const seen = { pull: percentiles(pull), token: percentiles(token), grownMiB, processorPercent, count: 1 }
  if (kind === undefined) return { ...seen, perSecond: 0, statuses: '' }
  const reply = await attacker.ask({ kind: 'stop' })
  if (reply.kind !== 'attacked') throw new Error(`expected the result of the attack, but got ${reply.kind}`)
  const perSecond = reply.requests / ((performance.now() - begun) / 1000)
  const statuses = Object.entries(reply.statuses).map(([status, count]) => `${status} ×${count}`)
  await sleep(duration.afterMs)
  return { ...seen, perSecond, statuses: statuses.join(', ') }
}

/** The median of several runs, for each number. */
function middle(runs: readonly Seen[]): Seen {
  const of = (value: (seen: Seen) => number) => median(runs.map(value))
  return {
    pull: [of(({ pull }) => pull[0]), of(({ pull }) => pull[1])],
    token: [of(({ token }) => token[0]), of(({ token }) => token[1])],
    grownMiB: of(({ grownMiB }) => grownMiB),
    perSecond: of(({ perSecond }) => perSecond),
    processorPercent: of((seen) => seen.processorPercent),
    statuses: runs.at(-1)?.statuses ?? '',
    count: runs.length,
  }
}

/** The effect of each kind of request, beside the values at rest. */
interface Effects {
  readonly rest: Seen
  readonly kinds: ReadonlyMap<Kind, Seen>
}

/**
 * Looks once at each kind, at the kinds of the route tables briefly, and then several times at those that are over their
 * limits: the maximum of a brief look is above its 99th percentile. `areNamed` kinds are few, and all looked at several times.
 */
async function seeAll(stage: Stage, all: readonly Kind[], areNamed: boolean, settings: Settings): Promise<Effects> {
  const full: Duration = { beforeMs: 500, measuredMs: 2 * settings.measuredMs, afterMs: 500 }
  const rests: Seen[] = [await see(stage, undefined, full)]
  const kinds = new Map<Kind, Seen>()
  const isRoute = ({ name }: Kind) => name.startsWith('route ')
  if (!areNamed) {
    for (const [index, kind] of all.entries()) {
      if (index % 25 === 0) settings.say(`fairness: ${index} of ${all.length} kinds`)
      if (index % 100 === 99) rests.push(await see(stage, undefined, full))
      kinds.set(kind, await see(stage, kind, isRoute(kind) ? brief : full))
    }
  }
  const before = middle(rests)
  const again = areNamed ? all : all.filter((kind) => shareOf(kinds.get(kind) ?? before, before) > 1)
  const runs = new Map<Kind, Seen[]>(again.map((kind) => [kind, []]))
  for (let round = 1; round <= settings.rounds; round += 1) {
    rests.push(await see(stage, undefined, full))
    for (const [kind, seen] of runs) {
      settings.say(`fairness: ${kind.name}, ${kind.role} (${round} of ${settings.rounds})`)
      seen.push(await see(stage, kind, isRoute(kind) && !areNamed ? longer : full))
    }
  }
  for (const [kind, seen] of runs) kinds.set(kind, middle(seen))
  return { rest: middle(rests), kinds }
}

/**
 * The effect on all others of one caller that sends expensive requests on 16 connections: p50 and p99 of a pull and of a token, and
 * the memory of the server. A figure is the worst value, as a share of its limit. `only` selects figures by a part of
 * their names. Returns the table of all values, too.
 */
export async function measureFairness(settings: Settings, only?: string): Promise<FairnessReport> {
  const { cores, serverArgs, say } = settings
  say('filling a registry for the worst requests')
  await using issuer = await startTokenIssuer()
  await using server = await startServer({ args: ['--log-level', 'error', ...trustArguments(issuer), ...serverArgs] })
  const scene = await setScene(server, issuer)
  bind(server.pid, cores.server)
  await using attacker = startWorker(cores.load, 10)
  await using victims = startWorker(cores.load, 0)
  const stage: Stage = { scene, pid: server.pid, attacker, victims }
  const all = Object.entries(attacks)
    .flatMap(([name, { roles }]) => roles.map((role) => ({ name, role })))
    .filter(({ name, role }) => only === undefined || `${name}, ${role}`.includes(only))
  const { rest, kinds } = await seeAll(stage, all, only !== undefined, settings)
  return reportFairness(rest, kinds)
}
