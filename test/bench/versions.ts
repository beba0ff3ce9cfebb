import { join } from 'node:path'
import { startTestPostgres } from '../harness/postgres.ts'
import { cpuRate, inTurns, median, type Figure, type Settings } from './figure.ts'
import { type Compared, compared } from './postgres.ts'
import { describe } from './small-answers.ts'
import { fill, startOn, type Subject } from './subject.ts'

const repositories = 4_000
const names: readonly string[] = ['manifest-by-digest', 'manifest-by-tag', 'token-again', 'push']

/**
 * Compares this tree with another one, such as a clone of an earlier version with its packages, on SQLite and on PostgreSQL: the
 * processor time of the server. Both servers run at the same time and are measured in turns, each round one pair.
 */
export async function measureVersions(settings: Settings, tree: string | undefined): Promise<Figure[]> {
  if (tree === undefined) throw new Error('name the tree of the other version with --tree')
  const { say, cores, serverArgs } = settings
  await using stack = new AsyncDisposableStack()
  const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' }
  const postgres = stack.use(await startTestPostgres({ settings: durable }))
  const start = async (database: string | undefined, main: string | undefined): Promise<Subject> => {
    const place = {
      ...(database !== undefined && { database: postgres.createDatabase(database) }),
      ...(main !== undefined && { main }),
    }
    const filled = stack.use(await fill({ repositories }, undefined, place))
    return stack.use(await startOn(filled, cores.server, serverArgs))
  }
  const other = join(tree, 'cli/src/main.ts')
  const figures: Figure[] = []
  for (const kind of ['sqlite', 'postgres'] as const) {
    say(`filling two databases, ${kind}`)
    const isPostgres = kind === 'postgres'
    const servers = {
      now: await start(isPostgres ? 'now' : undefined, undefined),
      before: await start(isPostgres ? 'before' : undefined, other),
    }
    for (const one of compared.filter(({ name }) => names.includes(name))) {
      say(`${one.name} on ${kind}`)
      figures.push(await compare(settings, servers, kind, one))
    }
  }
  return figures
}

async function compare(
  settings: Settings,
  servers: Readonly<Record<'now' | 'before', Subject>>,
  kind: string,
  { name, work }: Compared,
): Promise<Figure> {
  const [now, before] = [await work(settings, servers.now), await work(settings, servers.before)]
  // V8 optimizes the code meanwhile.
  await inTurns(2, { now, before })
  const outcomes = { now: [], before: [] } as Record<'now' | 'before', Awaited<ReturnType<typeof now>>[]>
  for (let round = 0; round < settings.rounds; round += 1) {
    // The order alternates, so that what the first one leaves behind affects both.
    const pair = round % 2 === 0 ? { now, before } : { before, now }
    const measured = await inTurns(1, pair)
    outcomes.now.push(...measured.now)
    outcomes.before.push(...measured.before)
  }
  const ratios = outcomes.now.map((outcome, index) => cpuRate(outcome) / cpuRate(outcomes.before[index] ?? outcome))
  return {
    name: `versions-${kind}-${name}`,
    measured: median(ratios),
    unit: 'ratio',
    bound: 'at least',
    target: 0.97,
    details: `pairs ${ratios.map((ratio) => ratio.toFixed(3)).join(' ')}; ${describe('now', outcomes.now)}, ${describe('before', outcomes.before)}`,
  }
}
