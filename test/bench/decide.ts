import { inTurns, share, type Figure, type Settings } from './figure.ts'
import { describe, tokenByBasic, wire } from './small-answers.ts'
import { fill, startOn, type Subject } from './subject.ts'

/** How many assignments under conditions the caller has, on each of the servers. */
const counts = [1, 100, 10_000] as const

const warmUpRounds = 4

/**
 * Measures the cost of decisions with many conditions: one principal has 1, 100 and 10,000 assignments, each under a
 * condition of its own, and requests tokens for the one repository that all of them can read.
 */
export async function measureDecide(settings: Settings): Promise<Figure> {
  const { load, cores, connections, measuredMs, rounds, serverArgs, say } = settings
  say('decide-flat')
  await using stack = new AsyncDisposableStack()
  const subjects: Record<string, Subject> = {}
  for (const conditions of counts) {
    const filled = stack.use(await fill({ repositories: 10, conditions }))
    subjects[`${conditions}`] = stack.use(await startOn(filled, cores.server, serverArgs))
  }
  const measurements = Object.fromEntries(
    await Promise.all(
      Object.entries(subjects).map(async ([name, subject]) => {
        const request = await tokenByBasic(subject, 1)
        const answer = await subject.ask(request.method, request.path, { ...request.headers })
        if (!answer.text().includes(':pull"')) throw new Error(`no token to pull with: ${answer.text()}`)
        const requests = Array.from({ length: connections }, () => wire(subject, request))
        const job = {
          kind: 'requests',
          target: subject.target,
          requests,
          connections,
          warmUpMs: 500,
          measuredMs,
        } as const
        return [name, () => load.run(job)] as const
      }),
    ),
  )
  // Until V8 has optimized the code, a server of this load varies by a factor of two.
  await inTurns(warmUpRounds, measurements)
  const outcomes = await inTurns(rounds, measurements)
  const [one = [], ...more] = counts.map((count) => outcomes[`${count}`] ?? [])
  return {
    name: 'decide-flat',
    measured: Math.max(...more.map((many) => Math.abs(1 - share(many, one)))),
    unit: 'share',
    bound: 'at most',
    target: 0.15,
    details: counts
      .map((count) => describe(`with ${count.toLocaleString('en')}`, outcomes[`${count}`] ?? []))
      .join(', '),
  }
}
