/** `npm run soak`: mixed work at a fixed rate for two hours. Memory must flatten, the event loop must run, and nothing may fail. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { type Point, curveOf } from './curve.ts'
import { describeHeap } from './heap-profile.ts'
import { type Memory, memoryOf, slopeOf } from './memory.ts'
import { type Work, mixedWork } from './work.ts'

const usage = `npm run soak -- [--minutes N] [--rate N] [--program FILE] [--svg FILE] [--heap]

--minutes is how long the load lasts, 120 by default. --rate is the number of operations a second, 20 by default.
--program soaks an executable instead of this tree. --svg writes the curve of the memory.
--heap names what holds the memory at the end, by a sampling profile of the heap.
The exit code is 1 if an operation failed, the memory of its own grew by more than 0.2 MiB a minute in the last half,
or fewer than 99.99 % of the delays of the event loop were below 100 ms.
`

const targets = { growthMibPerMinute: 0.2, shareBelow100Ms: 0.9999 } as const
const sampleEveryMs = 10_000
/** Operations that run at the same time at most: a server that falls behind is reported, not flooded. */
const maxRunning = 64

type Failures = Map<string, number>

/** Starts operations at a fixed rate, each kind by its share. Returns the number of operations, by kind. */
async function load(
  works: readonly Work[],
  { rate, untilMs, failures }: { readonly rate: number; readonly untilMs: number; readonly failures: Failures },
): Promise<ReadonlyMap<string, number>> {
  const wheel = works.flatMap((work) => Array.from({ length: work.share }, () => work))
  const done = new Map<string, number>()
  const running = new Set<Promise<unknown>>()
  const fail = (reason: string) => failures.set(reason, (failures.get(reason) ?? 0) + 1)
  const beganMs = performance.now()
  for (let count = 0; performance.now() < untilMs; count += 1) {
    const lateMs = performance.now() - beganMs - (count * 1000) / rate
    if (lateMs < 0) await sleep(-lateMs)
    // A step that has no common divisor with the length of the wheel mixes the kinds.
    const work = wheel[(count * 7) % wheel.length]
    if (work === undefined) continue
    if (running.size >= maxRunning) {
      fail('skipped, because too many operations were running')
      continue
    }
    const run = work.run().then(
      () => done.set(work.name, (done.get(work.name) ?? 0) + 1),
      (error: unknown) => fail(`${work.name}: ${String(error).slice(0, 200)}`),
    )
    running.add(run)
    void run.finally(() => running.delete(run))
  }
  await Promise.all(running)
  return done
}

type Delays = { readonly count: number; readonly maxMs: number; readonly long: readonly { at: number; ms: number }[] }

function readDelays(file: string): Delays {
  const lines = readFileSync(file, 'utf8').trim().split('\n').filter(Boolean)
  const all = lines.map((line) => JSON.parse(line) as Delays)
  return {
    count: all.reduce((sum, { count }) => sum + count, 0),
    maxMs: Math.max(0, ...all.map(({ maxMs }) => maxMs)),
    long: all.flatMap(({ long }) => long),
  }
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '120' },
      rate: { type: 'string', default: '20' },
      program: { type: 'string' },
      svg: { type: 'string' },
      heap: { type: 'boolean', default: false },
    },
  })
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)]
  if (!(minutes > 0) || !(rate > 0)) throw new Error(usage)
  return { ...values, minutes, rate }
}

async function main(): Promise<void> {
  const { help, minutes, rate, program, svg, heap } = readArguments()
  if (help) {
    process.stdout.write(usage)
    return
  }
  using folder = tempDir('soak')
  const delaysFile = join(folder.path, 'delays')
  const profileFile = join(folder.path, 'heap.json')
  writeFileSync(delaysFile, '')
  await using server = await startServer({
    args: ['--log-level', 'error'],
    ...(program !== undefined && { program: [program] }),
    env: {
      NODE_OPTIONS: `--import=${new URL('loop-delays.mjs', import.meta.url).href}`,
      SOAK_DELAYS: delaysFile,
      ...(heap && { SOAK_HEAP_PROFILE: profileFile }),
    },
  })
  const atRest = memoryOf(server.pid)
  const works = await mixedWork(server)
  const points: Point[] = []
  const beganMs = performance.now()
  const sample = (): Memory => {
    const memory = memoryOf(server.pid)
    points.push({ minute: (performance.now() - beganMs) / 60_000, ...memory })
    return memory
  }
  const sampler = setInterval(() => {
    const { ownMib, residentMib } = sample()
    if (points.length % 30 === 0)
      process.stderr.write(
        `soak: minute ${(points.length / 6).toFixed(0)}: ${ownMib.toFixed(1)} MiB of its own, ${residentMib.toFixed(1)} resident\n`,
      )
  }, sampleEveryMs)
  const failures: Failures = new Map()
  const done = await load(works, { rate, untilMs: beganMs + minutes * 60_000, failures })
  clearInterval(sampler)
  const atEnd = sample()
  if (heap) process.kill(server.pid, 'SIGUSR2')
  await sleep(sampleEveryMs + 500)

  const lastHalf = points.filter(({ minute }) => minute >= minutes / 2)
  const growth = slopeOf(lastHalf.map(({ minute, ownMib }) => ({ x: minute, y: ownMib })))
  const delays = readDelays(delaysFile)
  const below = 1 - delays.long.length / Math.max(1, delays.count)
  const lines = [
    `operations: ${[...done].map(([name, count]) => `${name} ${count}`).join(', ')}`,
    `failed: ${[...failures].map(([reason, count]) => `${count} × ${reason}`).join('; ') || 'none'}`,
    `own memory: ${atRest.ownMib.toFixed(1)} MiB at rest, ${atEnd.ownMib.toFixed(1)} MiB at the end`,
    `growth in the last half: ${growth.toFixed(3)} MiB a minute (target: at most ${targets.growthMibPerMinute})`,
    `event loop: ${(100 * below).toFixed(4)} % of ${delays.count} delays below 100 ms (target: ${100 * targets.shareBelow100Ms} %), longest ${delays.maxMs} ms`,
    ...delays.long.map(({ at, ms }) => `  ${ms} ms at ${new Date(at).toISOString()}`),
    ...(heap ? describeHeap(profileFile) : []),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  if (svg !== undefined) writeFileSync(svg, curveOf(points))
  const isMet = growth <= targets.growthMibPerMinute && below >= targets.shareBelow100Ms && failures.size === 0
  if (!isMet) process.exitCode = 1
}

await main().catch((error: unknown) => {
  process.stderr.write(`soak: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
