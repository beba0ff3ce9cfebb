import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { mustRun } from '../harness/clients.ts'
import { build } from '../packages/build.ts'
import { type Serving, startUntilReady } from '../packages/program.ts'
import { type Figure, type Settings, median, medianQuotient } from './figure.ts'
import { type Filled, fill } from './subject.ts'

/** The figures of the executable for this machine, as `npm run build` makes it. */
export const packageFigures = ['package-version', 'package-serve-ready', 'package-memory']

const versionRuns = 20

/** How long the server does nothing before its memory is read. */
const restMs = 15_000

const env = { PATH: process.env['PATH'] ?? '' }

/** Measures those of the figures that are chosen. */
export async function measurePackage({ rounds, say }: Settings, chosen: ReadonlySet<string>): Promise<Figure[]> {
  if (!packageFigures.some((name) => chosen.has(name))) return []
  say('building the executable')
  using built = await build('sea')
  const executable = built.file(new RegExp(`-${process.platform}-${process.arch}$`))
  // Pages of a file that was just written are mapped in larger pieces, and would be counted as memory of the server.
  await mustRun('sync', [executable], { env })
  await mustRun('dd', [`if=${executable}`, 'iflag=nocache', 'count=0'], { env })
  using filled = await fill({ repositories: 10 })
  return [
    ...(chosen.has('package-version') ? [versionFigure(executable)] : []),
    ...(chosen.has('package-serve-ready') ? [await readyFigure(executable, filled, rounds)] : []),
    ...(chosen.has('package-memory') ? [await memoryFigure(executable, filled, rounds)] : []),
  ]
}

function milliseconds(command: string, args: readonly string[]): number {
  const begun = performance.now()
  const { status } = spawnSync(command, args, { env })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
  return performance.now() - begun
}

function versionFigure(executable: string): Figure {
  const program: number[] = []
  const bare: number[] = []
  for (let round = 0; round < versionRuns; round += 1) {
    bare.push(milliseconds(process.execPath, ['-e', '0']))
    program.push(milliseconds(executable, ['version']))
  }
  return {
    name: 'package-version',
    measured: medianQuotient(program, bare),
    unit: 'ratio',
    bound: 'at most',
    target: 1.6,
    details: `acrux version ${Math.round(median(program))} ms, node -e 0 ${Math.round(median(bare))} ms`,
  }
}

function serve(executable: string, { dataDir, port }: Filled): Promise<Serving> {
  const place = ['--data-dir', dataDir, '--listen', `127.0.0.1:${port}`, '--public-host', `localhost:${port}`]
  return startUntilReady(executable, ['serve', ...place], env)
}

async function readyFigure(executable: string, filled: Filled, rounds: number): Promise<Figure> {
  const all: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    await using server = await serve(executable, filled)
    all.push(server.readyMs)
  }
  return {
    name: 'package-serve-ready',
    measured: median(all),
    unit: 'milliseconds',
    bound: 'at most',
    target: 1_000,
    details: `${rounds} starts on a data directory, from ${Math.round(Math.min(...all))} to ${Math.round(Math.max(...all))} ms`,
  }
}

async function memoryFigure(executable: string, filled: Filled, rounds: number): Promise<Figure> {
  const all: { resident: number; own: number }[] = []
  for (let round = 0; round < Math.min(rounds, 3); round += 1) {
    await using server = await serve(executable, filled)
    await sleep(restMs)
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
    all.push({ resident: mebibytes(status, 'VmRSS'), own: mebibytes(status, 'RssAnon') })
  }
  const own = median(all.map((each) => each.own))
  return {
    name: 'package-memory',
    measured: median(all.map(({ resident }) => resident)),
    unit: 'MiB',
    bound: 'at most',
    target: 110,
    details: `resident ${restMs / 1000} s after the start, of which ${Math.round(own)} MiB are not pages of files`,
  }
}

function mebibytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
}
