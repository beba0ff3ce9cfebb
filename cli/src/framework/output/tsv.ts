import { pythonText } from './python-text.ts'
import { isRecord, sortedKeys } from '../values/sorted-keys.ts'

/**
 * One row for each item, its values separated by tabs: sorted by name, or in the order of the query that created them.
 * An array is shown as its length, and an object as nothing. [knack _TsvOutput]
 */
export function tsvText(document: unknown, isOrdered: (value: object) => boolean): string {
  const rows = Array.isArray(document) ? document : [document]
  return rows.map((row) => `${rowText(row, isOrdered)}\n`).join('')
}

function rowText(row: unknown, isOrdered: (value: object) => boolean): string {
  if (Array.isArray(row)) return row.map(cellText).join('\t')
  if (isRecord(row)) {
    const keys = isOrdered(row) ? Object.keys(row) : sortedKeys(row)
    return keys.map((key) => cellText(row[key])).join('\t')
  }
  return typeof row === 'boolean' ? String(row) : cellText(row)
}

function cellText(value: unknown): string {
  if (Array.isArray(value)) return String(value.length)
  return isRecord(value) ? '' : pythonText(value)
}
