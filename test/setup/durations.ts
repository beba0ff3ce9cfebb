import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** The recorded durations, by file. `npm run test:all -- --record` writes them again. */
const recorded = new URL('durations.json', import.meta.url)

/** What a test file takes: seconds of a processor, its children included, and seconds until it has ended, while other files run. */
type Duration = readonly [processor: number, total: number]

/** By the paths of the files from the root of the repository, as everywhere in this file. */
const durations = JSON.parse(readFileSync(recorded, 'utf8')) as Readonly<Record<string, Duration>>

/** What a file takes. A file that was added after the last record counts as short. */
export function durationOf(file: string): Duration {
  return durations[file] ?? [1, 2]
}

/** How much a file adds to the duration of a run, in seconds of a processor: four files share two processors. */
export function costOf(file: string): number {
  const [processor, total] = durationOf(file)
  return Math.max(processor, total / 2)
}

/** Whether a file takes long and mostly waits: for an expiry, a renewal, an interval of a client, a takeover. */
export function mostlyWaits(file: string): boolean {
  const [processor, total] = durationOf(file)
  return total >= 20 && processor < total / 4
}

/** Files in descending order of what they take, then by name. */
export function longestFirst(files: readonly string[]): string[] {
  return [...files].sort((a, b) => costOf(b) - costOf(a) || (a < b ? -1 : 1))
}

/** Records the durations of the files of a run. Keeps those of other files, unless a file no longer exists. */
export function recordDurations(measured: ReadonlyMap<string, Duration>): void {
  const kept = Object.entries(durations).filter(([file]) => existsSync(file))
  const lines = [...new Map([...kept, ...measured])]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, seconds]) => `  ${JSON.stringify(file)}: [${seconds.map((each) => each.toFixed(1)).join(', ')}]`)
  writeFileSync(recorded, `{\n${lines.join(',\n')}\n}\n`)
}
