/** @typedef {Readonly<Record<string, number>>} Counts Such as `tests` and `fail`. */

const countLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/

/**
 * The events of several runs of tests at the same time, as if they were of one: those of the first run, then those of the
 * next, and the counts of all at the end, those of earlier runs included. Until then, `node:test` keeps the events of a run.
 *
 * @param {readonly AsyncIterable<import('node:test/reporters').TestEvent>[]} runs
 * @param {readonly Counts[]} earlier The counts of runs that have ended.
 * @param {(counts: Counts) => Counts} complete Gets the counts of these runs, and returns what is reported with those of earlier runs.
 * @returns {AsyncGenerator<import('node:test/reporters').TestEvent>}
 */
export async function* oneReport(runs, earlier = [], complete = (counts) => counts) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const run of runs) {
    for await (const event of run) {
      const [, name, text] = (isDiagnosticOfRun(event) && countLine.exec(event.data.message)) || []
      if (name === undefined) {
        yield event
        continue
      }
      const before = counts.get(name) ?? 0
      counts.set(name, name === 'duration_ms' ? Math.max(before, Number(text)) : before + Number(text))
    }
  }
  const all = [complete(Object.fromEntries(counts)), ...earlier]
  for (const name of new Set(all.flatMap((each) => Object.keys(each)))) {
    const sum = all.reduce((total, each) => total + (each[name] ?? 0), 0)
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${sum}`, level: 'info' } }
  }
}

/**
 * @param {import('node:test/reporters').TestEvent} event
 * @returns {event is Extract<import('node:test/reporters').TestEvent, { type: 'test:diagnostic' }>}
 */
function isDiagnosticOfRun(event) {
  return event.type === 'test:diagnostic' && event.data.nesting === 0
}
