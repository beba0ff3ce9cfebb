import { readFile, writeFile } from 'node:fs/promises'

/** The memory of a process now, and its maximum since the start or since `forgetPeak`, in bytes. */
export interface Memory {
  readonly nowBytes: number
  readonly peakBytes: number
}

/** Reads the memory of a process. [proc(5), VmRSS and VmHWM of /proc/pid/status] */
export async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  return { nowBytes: kibibytes('VmRSS') * 1024, peakBytes: kibibytes('VmHWM') * 1024 }
}

/** Resets the peak to the current memory. [proc(5), /proc/pid/clear_refs] */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5')
}
