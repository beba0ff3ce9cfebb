import { terminalLine, terminalText } from '../terminal/terminal-text.ts'
import { isRecord, sortedKeys } from '../values/record.ts'
import { pythonText } from './tsv.ts'

/** The members that az leaves out of a table. */
const skipped = new Set(['id', 'type', 'etag'])

const separator = '  '
const minPadding = 2

/** How a table is shown. */
type TableOptions = {
  /** Whether the members keep their order, because they come from a query or a table of the command. */
  readonly isQueried: boolean
  /** The width of the terminal; undefined if the output is not a terminal. */
  readonly columns: number | undefined
}

/**
 * A table of the members that are neither objects nor arrays, with title-case headers and a line of dashes.
 * On a terminal that is too narrow, the widest columns are cut. [knack _TableOutput, tabulate "simple"]
 */
export function tableText(document: unknown, { isQueried, columns }: TableOptions): string {
  const items = Array.isArray(document) ? document : [document]
  if (items.length === 0) return '\n'
  const rows = items.map((item) => rowOf(item, isQueried))
  const headers = [...new Set(rows.flatMap((row) => [...row.keys()]))]
  if (headers.length === 0) return '\n'
  const cells = rows.map((row) => headers.map((header) => row.get(header) ?? ''))
  const widths = fitted(
    headers.map((header, index) =>
      Math.max(header.length + minPadding, ...cells.map((row) => widest(row[index] ?? ''))),
    ),
    columns,
  )
  const line = (row: readonly string[]): string => rowText(row, widths)
  const dashes = widths.map((width) => '-'.repeat(width)).join(separator)
  return `${[line(headers), dashes, ...cells.map(line)].join('\n')}\n`
}

function rowOf(item: unknown, isQueried: boolean): ReadonlyMap<string, string> {
  if (Array.isArray(item)) return new Map(item.map((value, index) => [`Column${index + 1}`, cellText(value)]))
  if (!isRecord(item)) return new Map([['Result', cellText(item)]])
  const keys = isQueried ? Object.keys(item) : sortedKeys(item)
  const shown = keys.filter((key) => {
    const value = item[key]
    return !skipped.has(key) && value !== null && value !== undefined && typeof value !== 'object'
  })
  return new Map(shown.map((key) => [terminalLine(key.slice(0, 1).toUpperCase() + key.slice(1)), cellText(item[key])]))
}

function cellText(value: unknown): string {
  return value === null || value === undefined ? '' : terminalText(pythonText(value)).trim()
}

function widest(cell: string): number {
  return Math.max(...cell.split('\n').map((line) => line.length))
}

/** Narrows the widest columns until the table fits. */
function fitted(widths: readonly number[], columns: number | undefined): readonly number[] {
  const fit = [...widths]
  const minWidth = 8
  for (let total = widths.reduce((sum, width) => sum + width + separator.length, 0); ; total -= 1) {
    const index = fit.indexOf(Math.max(...fit))
    const width = fit[index] ?? 0
    if (columns === undefined || total - separator.length <= columns || width <= minWidth) return fit
    fit[index] = width - 1
  }
}

/** A row, of several lines if a cell has several. */
function rowText(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell) => cell.split('\n'))
  const height = Math.max(...cells.map((lines) => lines.length), 1)
  return Array.from({ length: height }, (_, index) =>
    widths
      .map((width, column) => cut(cells[column]?.[index] ?? '', width).padEnd(width))
      .join(separator)
      .trimEnd(),
  ).join('\n')
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
