import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The core of the server that is measured, and that of the load. */
export interface Cores {
  readonly server: number
  readonly load: number
}

/** Two of the cores that this process may use; throws if there are not two, or no `taskset` to bind to them. */
export function twoCores(): Cores {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
  } catch (cause) {
    throw new Error('taskset is missing; it is in the package util-linux', { cause })
  }
  const allowed = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? ''
  const cores = allowed.split(',').flatMap((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
  const [server, load] = cores
  if (server === undefined || load === undefined)
    throw new Error('two cores are needed, one to measure and one to load')
  return { server, load }
}

/** Binds a process with all its threads, and those to come, to one core. [taskset(1)] */
export function bind(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], { stdio: 'ignore' })
}

/** Seconds of processor time that a process has used, all threads together. [proc(5), /proc/pid/stat, utime and stime] */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
  const ticksPerSecond = 100
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
