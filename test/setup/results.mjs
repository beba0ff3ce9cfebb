import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * What a run found: the counts of its summary, such as `tests` and `fail`, the files that it ran, from the root of the repository, the
 * tests that failed, and whether the run failed.
 *
 * @typedef {{
 *   readonly counts: import('./one-report.mjs').Counts,
 *   readonly files: readonly string[],
 *   readonly failures: readonly string[],
 *   readonly failed: boolean,
 * }} Result
 */

/**
 * Opens the folder in which several runs, one after the other or on several machines, leave their results, so that the last one
 * can summarise all. Without a path, the folder is for one run, and `close` removes it.
 *
 * @param {string | undefined} path
 */
export function openResults(path) {
  const folder = path ?? mkdtempSync(join(tmpdir(), 'acrux-results-'))
  /** Each server writes there which requests it answered with success. */
  const answered = join(folder, 'answered')
  mkdirSync(answered, { recursive: true })
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  /** @type {readonly Result[]} */
  const earlier = names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  return {
    answered,
    earlier,
    /** @param {Result} result */
    write: (result) => writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(result)),
    close: () => {
      if (path === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
