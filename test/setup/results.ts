import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Counts } from './one-report.ts'

/** What a run found: the counts of its summary, the files that it ran, the tests that failed, and whether the run failed. */
type Result = {
  readonly counts: Counts
  /** From the root of the repository. */
  readonly files: readonly string[]
  readonly failures: readonly string[]
  readonly failed: boolean
}

/**
 * Opens the folder in which several runs, one after the other or on several machines, leave their results, so that the last one
 * can summarise all. Without a path, the folder is for one run, and `close` removes it.
 */
export function openResults(path: string | undefined) {
  const folder = path ?? mkdtempSync(join(tmpdir(), 'acrux-results-'))
  /** Each server writes there which requests it answered with success. */
  const answered = join(folder, 'answered')
  mkdirSync(answered, { recursive: true })
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const earlier = names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Result)
  return {
    answered,
    earlier,
    write: (result: Result) => writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(result)),
    close: () => {
      if (path === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
