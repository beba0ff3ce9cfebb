/** The selected rows by their keys, and the row from which Shift extends the selection. */
export type Selection = { readonly keys: ReadonlySet<string>; readonly anchor: string | undefined }

/** No row. */
export const noSelection: Selection = { keys: new Set(), anchor: undefined }

/** Selects a row, or no longer. */
export function toggleRow({ keys }: Selection, key: string): Selection {
  const next = new Set(keys)
  if (!next.delete(key)) next.add(key)
  return { keys: next, anchor: key }
}

/** Selects the rows from the anchor to a row, also those between them, in the order in which the rows are shown. */
export function selectRange(selection: Selection, shown: readonly string[], key: string): Selection {
  const from = selection.anchor === undefined ? -1 : shown.indexOf(selection.anchor)
  const to = shown.indexOf(key)
  if (from === -1 || to === -1) return toggleRow(selection, key)
  const range = shown.slice(Math.min(from, to), Math.max(from, to) + 1)
  return { keys: new Set([...selection.keys, ...range]), anchor: selection.anchor }
}

/** Selects all rows; no row if all are selected already. */
export function toggleAll({ keys, anchor }: Selection, shown: readonly string[]): Selection {
  if (shown.length > 0 && shown.every((key) => keys.has(key))) return noSelection
  return { keys: new Set([...keys, ...shown]), anchor }
}

/** What the box in the header shows. */
export function stateOfAll({ keys }: Selection, shown: readonly string[]): 'none' | 'some' | 'all' {
  const count = shown.reduce((sum, key) => sum + (keys.has(key) ? 1 : 0), 0)
  if (count === 0) return 'none'
  return count === shown.length ? 'all' : 'some'
}
