import { isRecord, sortedKeys } from '../values/record.ts'

/** A value as Python's `str` writes the value. az uses this form in tables and TSV. */
export function pythonText(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * One row for each item, with values separated by tabs. The values are sorted by name, or have the order of the query
 * that created them. An array is shown as its length, and an object as an empty value. [knack _TsvOutput]
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
