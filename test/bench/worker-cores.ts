import { accessSync, constants, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { busy, inTurns, median, medianQuotient, rate, type Figure, type Settings } from './figure.ts'
import { requestsOf, smallAnswers, wire } from './small-answers.ts'
import { fill, startOn, type Subject } from './subject.ts'

/** The request rate of two workers, as a multiple of that of one accepting thread, each with half a core. */
const leastSpeedUp = 1.7
/** The maximum share of one worker in the processor time of both. */
const mostShare = 0.65

/** The controller of cgroups v1, which limits single threads. [cgroups(7)] */
const controller = '/sys/fs/cgroup/cpu'
const periodMicroseconds = 10_000

/** Threads, each limited to half a core. Dispose of it when they have ended. */
class HalfCores implements Disposable {
  readonly #groups: string[] = []

  add(thread: number): void {
    const group = join(controller, `acrux-bench-${thread}`)
    mkdirSync(group)
    this.#groups.push(group)
    writeFileSync(join(group, 'cpu.cfs_period_us'), String(periodMicroseconds))
    writeFileSync(join(group, 'cpu.cfs_quota_us'), String(periodMicroseconds / 2))
    writeFileSync(join(group, 'tasks'), String(thread))
  }

  [Symbol.dispose](): void {
    for (const group of this.#groups) rmdirSync(group)
  }
}

/** The worker threads of a process, each with the processor time that it has used, in ticks. [proc(5)] */
function workerThreads(pid: number): Map<number, number> {
  const used = new Map<number, number>()
  for (const thread of readdirSync(`/proc/${pid}/task`).map(Number)) {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')
    if (!stat.includes('(WorkerThread)')) continue
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
    used.set(thread, Number(fields[11]) + Number(fields[12]))
  }
  return used
}

/** The worker threads that used the most processor time meanwhile. */
async function busiest(pid: number, count: number, meanwhile: () => Promise<unknown>): Promise<[number, number][]> {
  const before = workerThreads(pid)
  await meanwhile()
  return [...workerThreads(pid)]
    .map(([thread, ticks]): [number, number] => [thread, ticks - (before.get(thread) ?? 0)])
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, count)
}

/**
 * Compares the request rate of two workers with that of one accepting thread, each with half a core: together, the
 * workers have the core of the server. There is no figure if threads cannot be limited.
 */
export async function measureWorkerCores(settings: Settings): Promise<Figure[]> {
  try {
    accessSync(controller, constants.W_OK)
  } catch {
    settings.say(`not measured: two workers with half a core each, because ${controller} cannot be written`)
    return []
  }
  using halves = new HalfCores()
  using first = await fill({ repositories: 10 })
  using second = await fill({ repositories: 10 })
  const { cores, serverArgs, rounds, measuredMs, load, say } = settings
  await using one = await startOn(first, cores.server, serverArgs)
  await using two = await startOn(second, cores.server, ['--workers', '2', ...serverArgs])
  const [answer] = smallAnswers
  if (answer === undefined) throw new Error('there is nothing to ask')
  const connections = 128
  say(`${answer.name} with half a core for each thread`)
  const run = async (subject: Subject) => {
    const requests = (await requestsOf(subject, answer, connections)).map((request) => wire(subject, request))
    const job = { kind: 'requests', target: subject.target, requests, connections, warmUpMs: 1000, measuredMs } as const
    return () => load.run(job)
  }
  const [runOne, runTwo] = [await run(one), await run(two)]
  await runOne()
  const workers = await busiest(two.target.pid, 2, runTwo)
  halves.add(one.target.pid)
  for (const [thread] of workers) halves.add(thread)
  const shares: number[] = []
  const outcomes = await inTurns(rounds, {
    one: runOne,
    two: async () => {
      let outcome
      const used = await busiest(two.target.pid, 2, async () => {
        outcome = await runTwo()
      })
      const [most = NaN, least = NaN] = used.map(([, ticks]) => ticks)
      shares.push(most / (most + least))
      if (outcome === undefined) throw new Error('there is no outcome')
      return outcome
    },
  })
  const [ofOne, ofTwo] = [outcomes.one.map(rate), outcomes.two.map(rate)]
  const used = `used ${busy(outcomes.one).toFixed(2)} and ${busy(outcomes.two).toFixed(2)} cores`
  const speedUp = {
    name: 'workers-half-cores',
    measured: medianQuotient(ofTwo, ofOne),
    unit: 'ratio',
    bound: 'at least',
    target: leastSpeedUp,
    details: `one thread ${Math.round(median(ofOne))}/s, two workers ${Math.round(median(ofTwo))}/s; ${used}`,
  } as const
  const share = {
    name: 'workers-busiest',
    measured: median(shares),
    unit: 'share',
    bound: 'at most',
    target: mostShare,
    details: `${connections} connections; of each round ${shares.map((each) => each.toFixed(2)).join(', ')}`,
  } as const
  return [speedUp, share]
}
