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
import { type Duration, seeAll } from './fairness-looks.ts'
import { type FairnessReport, type Kind, reportFairness, type Seen } from './fairness-report.ts'
import { setScene } from './fairness-scene.ts'
import type { Settings } from './figure.ts'

/** A process of the load. */
interface Worker extends AsyncDisposable {
  ask(job: FairnessJob): Promise<FairnessReply>
}

class LoadFailed extends Error {}

function startWorker(core: number, niceness: number): Worker {
  const child: ChildProcess = fork(fileURLToPath(new URL('fairness-load.ts', import.meta.url)))
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  bind(child.pid ?? 0, core)
  setPriority(child.pid ?? 0, Math.min(19, getPriority() + niceness))
  return {
    async ask(job) {
      child.send(job)
      const [reply] = (await once(child, 'message')) as [FairnessReply]
      if (reply.kind === 'failed') throw new LoadFailed(`the load failed: ${reply.message}`)
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

async function see(stage: Stage, kind: Kind | undefined, duration: Duration): Promise<Seen> {
  const { scene, pid, attacker, victims } = stage
  const beforeMiB = residentMiB(pid)
  let mostMiB = beforeMiB
  const sampling = setInterval(() => (mostMiB = Math.max(mostMiB, residentMiB(pid))), 50)
  const begun = performance.now()
  if (kind !== undefined) {
    await attacker.ask({ kind: 'attack', scene, ...kind })
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

/** A look at a kind, which may be impossible, such as if a page has another form than the kind needs. */
async function tryToSee(stage: Stage, kind: Kind | undefined, duration: Duration): Promise<Seen> {
  return see(stage, kind, duration).catch((error: unknown) => {
    if (kind === undefined || !(error instanceof LoadFailed)) throw error
    const none = [NaN, NaN] as const
    const values = { pull: none, token: none, grownMiB: NaN, perSecond: NaN, processorPercent: NaN }
    return { ...values, statuses: '', count: 1, problem: error.message }
  })
}

/**
 * The effect on all others of one caller that sends expensive requests on 16 connections: p50 and p99 of a pull and of a token, and
 * the memory of the server. A figure is the worst value, as a share of its limit. `only` selects kinds by a pattern of their
 * names. Returns the table of all values, too.
 */
export async function measureFairness(settings: Settings, only?: RegExp): Promise<FairnessReport> {
  const { cores, serverArgs, say } = settings
  say('filling a registry for the worst requests')
  await using issuer = await startTokenIssuer()
  await using server = await startServer({
    args: [
      '--log-level',
      'error',
      '--identity-require-second-factor',
      'owners',
      ...trustArguments(issuer),
      ...serverArgs,
    ],
  })
  const scene = await setScene(server, issuer)
  bind(server.pid, cores.server)
  await using attacker = startWorker(cores.load, 10)
  await using victims = startWorker(cores.load, 0)
  const stage: Stage = { scene, pid: server.pid, attacker, victims }
  const all = Object.entries(attacks)
    .flatMap(([name, { roles }]) => roles.map((role) => ({ name, role })))
    .filter(({ name, role }) => only === undefined || only.test(`${name}, ${role}`))
  if (all.length === 0) throw new Error(`no kind matches ${String(only)}`)
  const { rest, kinds } = await seeAll((kind, duration) => tryToSee(stage, kind, duration), all, settings)
  return reportFairness(rest, kinds)
}
