import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Processor seconds that a process and its children have used so far, whatever else the machine did meanwhile
 * [proc_pid_stat(5)]; the clock ticks 100 times a second.
 */
export function processorSeconds(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  const own = (Number(fields[11]) + Number(fields[12])) / 100
  return children.reduce((total, child) => total + processorSeconds(Number(child)), own)
}

/** Milliseconds of a processor that the threads of a process have used so far, to the nanosecond [proc(5), schedstat]. */
export function processorMilliseconds(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return tasks.reduce((total, task) => {
    const [nanoseconds = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')
    return total + Number(nanoseconds) / 1e6
  }, 0)
}

/** The time that the work of `slowness` takes on the machine for which the limits of processor time were chosen. */
const usualSeconds = 0.17

/**
 * How many times more processor time than usual the same work takes here and now; 1 at least. Another processor may be slower,
 * and so is a processor that shares its caches and units with a busy one.
 */
export function slowness(): number {
  const rows = Array.from({ length: 4000 }, (_, at) => ({
    id: `row-${at}`,
    list: [at, null],
    text: 'x'.repeat(at % 50),
  }))
  const text = JSON.stringify(rows)
  const before = process.cpuUsage()
  for (let round = 0; round < 80; round += 1) JSON.stringify(JSON.parse(text)).replaceAll(/row-(\d+)/g, '$1')
  const { user, system } = process.cpuUsage(before)
  return Math.max(1, (user + system) / 1e6 / usualSeconds)
}

/** Large packages that the server imports too: a process that loads them reads, compiles and allocates as a start does. */
const packages = ['fastify', 'kysely', 'zod', 'jose', 'commander']

/** Processor seconds that a new process takes to load the packages, with a compile cache. */
async function secondsToLoad(): Promise<number> {
  const imports = packages.map((name) => `await import('${name}')\n`).join('')
  const program = `${imports}const { user, system } = process.cpuUsage()\nconsole.log((user + system) / 1e6)`
  const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'), ...process.env }
  const args = ['--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env })
  return Number(stdout)
}

/**
 * Asserts that a process starts in at most `times` the processor time that a new process takes to load some packages: a machine
 * that loads code slowly, or that is busy, slows down both. `measure` starts the process and returns the seconds that it
 * took. Other processes can slow down any single run, so one of six has to stay below the limit; a start that takes twice as
 * long exceeds it in all of them.
 */
export async function assertStartsWithin(times: number, t: TestContext, measure: () => Promise<number>): Promise<void> {
  const runs: string[] = []
  // The first one may fill the compile cache.
  await secondsToLoad()
  let before = await secondsToLoad()
  for (let run = 0; run < 6; run += 1) {
    const seconds = await measure()
    const after = await secondsToLoad()
    const taken = (2 * seconds) / (before + after)
    runs.push(`${seconds.toFixed(2)} s of a processor, ${taken.toFixed(2)} times a load, at most ${times} allowed`)
    t.diagnostic(runs.at(-1) ?? '')
    if (taken <= times) return
    before = after
  }
  assert.fail(runs.join('; '))
}
