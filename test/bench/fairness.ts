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
import type { FairnessJob, FairnessReply, Latencies, Role, Scene } from './fairness-jobs.ts'
import { setScene } from './fairness-scene.ts'
import { median, type Figure, type Settings } from './figure.ts'

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

/** The latencies of the other callers during the load, and the growth of the server's memory. */
interface Seen {
  readonly pull: readonly [p50: number, p99: number]
  readonly token: readonly [p50: number, p99: number]
  readonly grownMiB: number
  readonly perSecond: number
  /** The share of one core that the server used for the requests of the attacker and the others. */
  readonly processorPercent: number
  readonly statuses: string
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
  readonly measuredMs: number
}

async function see(stage: Stage, name: string | undefined, role: Role): Promise<Seen> {
  const { scene, pid, attacker, victims, measuredMs } = stage
  const beforeMiB = residentMiB(pid)
  let mostMiB = beforeMiB
  const sampling = setInterval(() => (mostMiB = Math.max(mostMiB, residentMiB(pid))), 50)
  const begun = performance.now()
  if (name !== undefined) {
    attacker.tell({ kind: 'attack', scene, name, role })
    await sleep(500)
  }
  const [cpuBefore, measuredFrom] = [cpuSeconds(pid), performance.now()]
  const { pull, token } = await latenciesOf(victims, scene, measuredMs)
  const processorPercent = ((cpuSeconds(pid) - cpuBefore) / (performance.now() - measuredFrom)) * 100_000
  clearInterval(sampling)
  const grownMiB = mostMiB - beforeMiB
  const seen = { pull: percentiles(pull), token: percentiles(token), grownMiB, processorPercent }
  if (name === undefined) return { ...seen, perSecond: 0, statuses: '' }
  const reply = await attacker.ask({ kind: 'stop' })
  if (reply.kind !== 'attacked') throw new Error(`expected the result of the attack, but got ${reply.kind}`)
  const perSecond = reply.requests / ((performance.now() - begun) / 1000)
  const statuses = Object.entries(reply.statuses).map(([status, count]) => `${status} ×${count}`)
  await sleep(500)
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
  }
}

const mostGrownMiB = 200
const leastP99Ms = 25

/** The figure of one attack: the worst of its values, as a share of its limit. */
function figureOf(name: string, seen: Seen, rest: Seen): Figure {
  const shares = (['pull', 'token'] as const).flatMap((kind) => [
    seen[kind][0] / (3 * rest[kind][0]),
    seen[kind][1] / Math.max(5 * rest[kind][1], leastP99Ms),
  ])
  const written = (one: Seen) =>
    (['pull', 'token'] as const)
      .map((kind) => `${kind} ${one[kind].map((ms) => ms.toFixed(1)).join('/')} ms`)
      .join(', ')
  return {
    name,
    measured: Math.max(...shares, seen.grownMiB / mostGrownMiB),
    unit: 'ratio',
    bound: 'at most',
    target: 1,
    details: `${written(seen)} (at rest ${written(rest)}), +${Math.round(seen.grownMiB)} MiB, processor ${Math.round(seen.processorPercent)} % (at rest ${Math.round(rest.processorPercent)} %), ${Math.round(seen.perSecond)}/s: ${seen.statuses}`,
  }
}

/**
 * The effect on all others of one caller that sends expensive requests on 16 connections: p50 and p99 of a pull and
 * of a token, and
 * the memory of the server. A figure is the worst value, as a share of its limit. `only` selects figures by a part of
 * their names.
 */
export async function measureFairness(settings: Settings, only?: string): Promise<Figure[]> {
  const { cores, rounds, measuredMs, serverArgs, say } = settings
  say('filling a registry for the worst requests')
  await using issuer = await startTokenIssuer()
  await using server = await startServer({ args: ['--log-level', 'error', ...trustArguments(issuer), ...serverArgs] })
  const scene = await setScene(server, issuer)
  bind(server.pid, cores.server)
  await using attacker = startWorker(cores.load, 10)
  await using victims = startWorker(cores.load, 0)
  const stage: Stage = { scene, pid: server.pid, attacker, victims, measuredMs: 2 * measuredMs }
  const all = Object.entries(attacks)
    .flatMap(([name, { roles }]) => roles.map((role) => ({ name, role })))
    .filter(({ name, role }) => only === undefined || `${name}, ${role}`.includes(only))
  const rests: Seen[] = []
  const runs = new Map<string, Seen[]>()
  for (let round = 1; round <= rounds; round += 1) {
    rests.push(await see(stage, undefined, 'anonymous'))
    for (const { name, role } of all) {
      const title = `fairness: ${name}, ${role}`
      say(`${title} (${round} of ${rounds})`)
      const seen = await see(stage, name, role)
      runs.set(title, [...(runs.get(title) ?? []), seen])
    }
  }
  const rest = middle(rests)
  return [...runs].map(([title, seen]) => figureOf(title, middle(seen), rest))
}
