import { startSubject } from './children.ts'
import { median, type Figure, type Settings } from './figure.ts'
import { fill, type Filled } from './subject.ts'

const tags = 1_000_000

/** The time from the start of the process to the line that it is ready, over several starts. */
async function readyMs({ dataDir, port }: Filled, rounds: number): Promise<number> {
  const all: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    await using server = await startSubject({ dataDir, port }, undefined)
    all.push(server.readyMs)
  }
  return median(all)
}

/** The start-up of a server that has a million tags. The server is not bound to a core. */
export async function measureStartUp({ rounds, say }: Settings): Promise<Figure> {
  say('start-up')
  using small = await fill({ repositories: 10 })
  using large = await fill({ repositories: 1_000, tags })
  const few = await readyMs(small, rounds)
  const many = await readyMs(large, rounds)
  return {
    name: 'start-up',
    measured: many,
    unit: 'milliseconds',
    bound: 'at most',
    target: 1_000,
    details: `with 10 tags ${Math.round(few)} ms, with ${tags.toLocaleString('en')} tags ${Math.round(many)} ms`,
  }
}
