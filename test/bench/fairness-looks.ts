import { type Kind, type Seen, shareOf } from './fairness-report.ts'
import { median, type Settings } from './figure.ts'

/** How long the load runs before the measurement, during it, and how long the server rests afterwards. */
export interface Duration {
  readonly beforeMs: number
  readonly measuredMs: number
  readonly afterMs: number
}

/** One look at a kind, of which there are hundreds. */
const brief: Duration = { beforeMs: 80, measuredMs: 300, afterMs: 20 }
/** Another look at a kind that was over a limit in the first one. */
const longer: Duration = { beforeMs: 250, measuredMs: 1000, afterMs: 150 }

/** Looks at a kind, or at the server at rest. */
type Look = (kind: Kind | undefined, duration: Duration) => Promise<Seen>

/** The median of several runs, for each number. Runs that failed are ignored if they are fewer than those that did not. */
function middle(runs: readonly Seen[]): Seen {
  const measured = runs.filter((seen) => seen.problem === undefined)
  const problem = runs.find((seen) => seen.problem !== undefined && measured.length * 2 <= runs.length)?.problem
  const of = (value: (seen: Seen) => number) => median(measured.map(value))
  return {
    ...(problem !== undefined && { problem }),
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

const isBrief = ({ name }: Kind) => /^(?:route|form) /.test(name)

/**
 * Looks once at each kind, briefly at those of the tables of routes and forms. The maximum of a brief look takes the place of
 * its 99th percentile, and other programs disturb it: what is over a limit is looked at again, and the median counts.
 */
export async function seeAll(
  look: Look,
  all: readonly Kind[],
  settings: Pick<Settings, 'measuredMs' | 'rounds' | 'say'>,
): Promise<Effects> {
  const full: Duration = { beforeMs: 500, measuredMs: 2 * settings.measuredMs, afterMs: 500 }
  const rests: Seen[] = [await look(undefined, full)]
  const runs = new Map<Kind, Seen[]>()
  const isOver = (kind: Kind) => shareOf(middle(runs.get(kind) ?? []), middle(rests)) > 1
  const began = performance.now()
  for (const [index, kind] of all.entries()) {
    if (index % 25 === 0) {
      const seconds = Math.round((performance.now() - began) / 1000)
      settings.say(
        `fairness: ${index} of ${all.length} kinds, ${all.filter(isOver).length} to look at again, ${seconds} s`,
      )
    }
    if (index % 100 === 99) rests.push(await look(undefined, full))
    runs.set(kind, [await look(kind, isBrief(kind) ? brief : full)])
  }
  for (;;) {
    const again = all.filter((kind) => isOver(kind) && (runs.get(kind)?.length ?? 0) <= settings.rounds)
    if (again.length === 0) break
    rests.push(await look(undefined, full))
    for (const kind of again) {
      settings.say(`fairness: ${kind.name}, ${kind.role}, again`)
      runs.get(kind)?.push(await look(kind, isBrief(kind) ? longer : full))
    }
  }
  return { rest: middle(rests), kinds: new Map([...runs].map(([kind, seen]) => [kind, middle(seen)])) }
}
