import type { TestEvent } from 'node:test/reporters'

/** Numbers of the summary, such as `tests` and `fail`. */
export type Counts = Readonly<Record<string, number>>

const countLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/

/**
 * The events of several runs of tests at the same time, as if they were of one: those of the first run, then those of the
 * next, and the counts of all at the end, those of earlier runs included. Until then, `node:test` keeps the events of a run.
 * `complete` gets the counts of these runs, and returns what is reported with the counts of earlier runs.
 */
export async function* oneReport(
  runs: readonly AsyncIterable<TestEvent>[],
  earlier: readonly Counts[] = [],
  complete: (counts: Counts) => Counts = (counts) => counts,
): AsyncGenerator<TestEvent> {
  const counts = new Map<string, number>()
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

function isDiagnosticOfRun(event: TestEvent): event is Extract<TestEvent, { type: 'test:diagnostic' }> {
  return event.type === 'test:diagnostic' && event.data.nesting === 0
}
