import { readFileSync } from 'node:fs'

/** The default if the system does not report the limit. */
const usualDescriptors = 1024

/** The maximum number of files and connections that this process may have open. [proc(5), /proc/pid/limits] */
export function descriptorLimit(): number {
  try {
    const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    if (found === 'unlimited') return Number.MAX_SAFE_INTEGER
    return found === undefined ? usualDescriptors : Number(found)
  } catch {
    return usualDescriptors
  }
}
