import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { recordDurations } from './durations.mjs'

/**
 * Measures what each file of a run takes. What a process takes that several files share is divided among
 * them by the durations of their tests, and the rest of it equally.
 *
 * @param {ReadonlyMap<string, readonly string[]>} groups The files of each process that files share.
 */
export function measureFiles(groups) {
  const folder = mkdtempSync(join(tmpdir(), 'acrux-durations-'))
  process.env.ACRUX_TEST_PROCESSOR_TIMES = folder
  /** @type {Map<string, number>} Seconds of each process, by the path that it runs. */
  const totals = new Map()
  /** @type {Map<string, number>} Seconds of the tests of each file. */
  const tests = new Map()
  const fromRoot = (/** @type {string} */ path) => relative(process.cwd(), path)
  /** @param {string} path @param {number} processor */
  const sharesOf = (path, processor) => {
    const total = totals.get(path) ?? 0
    const files = groups.get(path)
    if (files === undefined) return [/** @type {const} */ ([fromRoot(path), [processor, total]])]
    const seconds = files.map((file) => tests.get(file) ?? 0)
    // Imports, and tests that another file defines.
    const rest = Math.max(
      0,
      seconds.reduce((left, each) => left - each, total),
    )
    return files.map((file, at) => {
      const own = (seconds[at] ?? 0) + rest / files.length
      return /** @type {const} */ ([file, [(processor * own) / (total || 1), own]])
    })
  }
  return {
    /** @param {import('node:test').TestsStream} run */
    watch(run) {
      run.on('test:summary', ({ file, duration_ms: milliseconds }) => {
        if (file !== undefined) totals.set(file, milliseconds / 1000)
      })
      for (const event of /** @type {const} */ (['test:pass', 'test:fail'])) {
        run.on(event, ({ file, nesting, details }) => {
          if (file === undefined || nesting > 0) return
          const name = fromRoot(file)
          tests.set(name, (tests.get(name) ?? 0) + details.duration_ms / 1000)
        })
      }
    },
    write() {
      const records = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
      rmSync(folder, { recursive: true })
      recordDurations(new Map(records.flatMap(({ path, processor }) => sharesOf(path, processor))))
    },
  }
}
