import { readFileSync } from 'node:fs'

/**
 * Processor seconds of this process and of its children that have ended [proc_pid_stat(5)]. On systems without `/proc`, those of this
 * process alone.
 */
export function processorSeconds() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    // The clock ticks 100 times a second.
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0)
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  }
}
