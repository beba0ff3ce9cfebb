const countLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/

/**
 * The events of several runs of tests at the same time, as if they were of one: those of the first run, then those of the
 * next, and the counts of all at the end. Until then, `node:test` keeps the events of a run.
 *
 * @param {readonly AsyncIterable<import('node:test/reporters').TestEvent>[]} runs
 * @returns {AsyncGenerator<import('node:test/reporters').TestEvent>}
 */
export async function* oneReport(runs) {
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
  for (const [name, count] of counts) {
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${count}`, level: 'info' } }
  }
}

/**
 * @param {import('node:test/reporters').TestEvent} event
 * @returns {event is Extract<import('node:test/reporters').TestEvent, { type: 'test:diagnostic' }>}
 */
function isDiagnosticOfRun(event) {
  return event.type === 'test:diagnostic' && event.data.nesting === 0
}
