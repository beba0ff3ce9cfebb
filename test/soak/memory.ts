import { readFileSync } from 'node:fs'

/** Memory of a process in MiB: its own, which is not backed by a file such as its executable, and all of it. */
export type Memory = { readonly ownMib: number; readonly residentMib: number }

/** Reads the memory of a process. [proc_pid_smaps_rollup(5)] */
export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) / 1024
  return { ownMib: mib('Anonymous'), residentMib: mib('Rss') }
}

/** The slope of a line through points by least squares, in units of y for each unit of x; 0 with fewer than two points. */
export function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const count = points.length
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / count
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / count
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
  return spread === 0 ? 0 : points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread
}
