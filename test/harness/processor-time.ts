import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'

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

/**
 * Asserts that a task takes less than a second of a processor of the usual speed. `measure` does the task and returns the
 * seconds that it took. Other processes can slow down any single run, so one of six has to stay below the limit; a task
 * that has become too slow exceeds it in all of them.
 */
export async function assertLessThanASecond(t: TestContext, measure: () => Promise<number>): Promise<void> {
  const runs: string[] = []
  for (let run = 0; run < 6; run += 1) {
    const slowBefore = slowness()
    const seconds = await measure()
    const limit = Math.min(slowBefore, slowness())
    runs.push(`${seconds.toFixed(2)} s of a processor, at most ${limit.toFixed(2)} s allowed`)
    t.diagnostic(runs.at(-1) ?? '')
    if (seconds < limit) return
  }
  assert.fail(runs.join('; '))
}
