import type { Fault } from './fault.ts'

/** The faults as a table of the page on testing. */
export function faultTable(faults: readonly Fault[]): string {
  const rows = faults.map(
    ({ what, file, tests }) => `| ${what} | \`${file}\` | ${tests.map((test) => `\`${test}\``).join(', ')} |`,
  )
  return ['| fault | planted in | noticed by one of |', '| --- | --- | --- |', ...rows].join('\n')
}
