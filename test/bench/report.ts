import { isMet, type Figure } from './figure.ts'

function written({ unit }: Figure, value: number): string {
  switch (unit) {
    case 'ratio':
      return value.toFixed(2)
    case 'share':
      return `${(value * 100).toFixed(1)} %`
    case 'milliseconds':
      return `${Math.round(value)} ms`
    case 'MiB':
      return `${Math.round(value)} MiB`
    case 'KiB':
      return `${Math.round(value)} KiB`
    case 'requests':
      return String(value)
  }
}

/** The figures as a table for people. */
export function table(figures: readonly Figure[]): string {
  const heads = ['figure', 'measured', 'target', 'met', 'details']
  const rows = figures.map((figure) => [
    figure.name,
    written(figure, figure.measured),
    figure.target === undefined ? '–' : `${figure.bound === 'at least' ? '≥' : '≤'} ${written(figure, figure.target)}`,
    figure.target === undefined ? '–' : isMet(figure) ? 'yes' : 'no',
    figure.details,
  ])
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)))
  return [heads, widths.map((width) => '-'.repeat(width)), ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The figures for programs. */
export function document(figures: readonly Figure[]): string {
  return JSON.stringify({ figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })) }, undefined, 2)
}
