import { readFileSync } from 'node:fs'

/** What is assumed where the system does not say it. */
const usualDescriptors = 1024

/** How many files and connections this process may have open at once. [proc(5), /proc/pid/limits] */
export function descriptorLimit(): number {
  try {
    const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    if (found === 'unlimited') return Number.MAX_SAFE_INTEGER
    return found === undefined ? usualDescriptors : Number(found)
  } catch {
    return usualDescriptors
  }
}
