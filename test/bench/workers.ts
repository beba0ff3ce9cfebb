import { memoryOf } from '../durability/memory-of.ts'
import { inTurns, medianQuotient, type Figure, type Settings } from './figure.ts'
import { describe, requestsOf, smallAnswers, wire, type SmallAnswer } from './small-answers.ts'
import { fill, startOn, type Subject } from './subject.ts'

/** The maximum processor time of a request, as a multiple of what it takes without workers. */
const mostTime = 1.15
/** The maximum memory of a further worker, in MiB. */
const mostMemory = 60

/** A pull, which workers answer, and a token, which they forward. */
const compared = ['manifest-get', 'manifest-head', 'token-refresh']

/** Measures the processor time of requests to a server with two workers against one without, and the memory of a worker. */
export async function measureWorkers(settings: Settings): Promise<Figure[]> {
  using first = await fill({ repositories: 10 })
  using second = await fill({ repositories: 10 })
  const { cores, serverArgs } = settings
  await using one = await startOn(first, cores.server, serverArgs)
  await using two = await startOn(second, cores.server, ['--workers', '2', ...serverArgs])
  const figures: Figure[] = []
  for (const answer of smallAnswers.filter(({ name }) => compared.includes(name))) {
    figures.push(await measureTime(settings, one, two, answer))
  }
  figures.push(await measureMemory(settings, two))
  return figures
}

async function measureTime(settings: Settings, one: Subject, two: Subject, answer: SmallAnswer): Promise<Figure> {
  const { load, connections, measuredMs, rounds, say } = settings
  say(`${answer.name} with two workers`)
  const run = async (subject: Subject) => {
    const requests = (await requestsOf(subject, answer, connections)).map((request) => wire(subject, request))
    const job = { kind: 'requests', target: subject.target, requests, connections, warmUpMs: 500, measuredMs } as const
    return () => load.run(job)
  }
  const outcomes = await inTurns(rounds, { one: await run(one), two: await run(two) })
  const perRequest = ({ amount, serverCpuSeconds }: { readonly amount: number; readonly serverCpuSeconds: number }) =>
    serverCpuSeconds / amount
  return {
    name: `workers-${answer.name}`,
    measured: medianQuotient(outcomes.two.map(perRequest), outcomes.one.map(perRequest)),
    unit: 'ratio',
    bound: 'at most',
    target: mostTime,
    details: `${describe('one thread', outcomes.one)}, ${describe('two workers', outcomes.two)}`,
  }
}

/** Compares with a server that has two more workers, after the same number of requests on each. */
async function measureMemory(settings: Settings, two: Subject): Promise<Figure> {
  settings.say('memory of a worker')
  using filled = await fill({ repositories: 10 })
  await using four = await startOn(filled, settings.cores.server, ['--workers', '4', ...settings.serverArgs])
  const [answer] = smallAnswers
  if (answer === undefined) throw new Error('there is nothing to ask')
  const used: number[] = []
  for (const subject of [two, four]) {
    const requests = (await requestsOf(subject, answer, 64)).map((request) => wire(subject, request))
    const { target } = subject
    await settings.load.run({ kind: 'requests', target, requests, connections: 64, warmUpMs: 0, measuredMs: 3000 })
    used.push((await memoryOf(target.pid)).nowBytes / 2 ** 20)
  }
  const [before = NaN, after = NaN] = used
  return {
    name: 'workers-memory',
    measured: (after - before) / 2,
    unit: 'MiB',
    bound: 'at most',
    target: mostMemory,
    details: `two workers ${Math.round(before)} MiB, four workers ${Math.round(after)} MiB`,
  }
}
