import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { TestsStream } from 'node:test'
import { recordDurations } from './durations.ts'

/** What `record.mjs` writes. */
type ProcessorTime = { readonly path: string; readonly processor: number }

/**
 * Measures what each file of a run takes. What a process takes that several files share is divided among them by the durations of
 * their tests, and the rest of it equally. `groups` are the files of each process that files share.
 */
export function measureFiles(groups: ReadonlyMap<string, readonly string[]>) {
  const folder = mkdtempSync(join(tmpdir(), 'acrux-durations-'))
  process.env['ACRUX_TEST_PROCESSOR_TIMES'] = folder
  /** Seconds of each process, by the path that it runs. */
  const totals = new Map<string, number>()
  /** Seconds of the tests of each file. */
  const tests = new Map<string, number>()
  const fromRoot = (path: string) => relative(process.cwd(), path)
  const sharesOf = ({ path, processor }: ProcessorTime) => {
    const total = totals.get(path) ?? 0
    const files = groups.get(path)
    if (files === undefined) return [[fromRoot(path), [processor, total]] as const]
    const seconds = files.map((file) => tests.get(file) ?? 0)
    // Imports, and tests that another file defines.
    const rest = Math.max(
      0,
      seconds.reduce((left, each) => left - each, total),
    )
    return files.map((file, at) => {
      const own = (seconds[at] ?? 0) + rest / files.length
      return [file, [(processor * own) / (total || 1), own]] as const
    })
  }
  return {
    watch(run: TestsStream): void {
      run.on('test:summary', ({ file, duration_ms: milliseconds }) => {
        if (file !== undefined) totals.set(file, milliseconds / 1000)
      })
      for (const event of ['test:pass', 'test:fail'] as const) {
        run.on(event, ({ file, nesting, details }) => {
          if (file === undefined || nesting > 0) return
          const name = fromRoot(file)
          tests.set(name, (tests.get(name) ?? 0) + details.duration_ms / 1000)
        })
      }
    },
    write(): void {
      const records = readdirSync(folder).map(
        (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProcessorTime,
      )
      rmSync(folder, { recursive: true })
      recordDurations(new Map(records.flatMap(sharesOf)))
    },
  }
}
