/** The rows of a table as they were last shown. */
export type ShownRows<Row> = {
  /** What decides the order: the filter and the sorting. */
  readonly arrangement: string
  readonly rows: readonly Row[]
  readonly keys: readonly string[]
  /** The rows that differ from what was shown before. */
  readonly changed: ReadonlySet<string>
}

const noKeys: ReadonlySet<string> = new Set()

/**
 * Rows that were read again, in the order in which they were shown: a row that changed is marked, and does not move away under
 * the pointer. A new row is after the row that precedes it in the new order. A new arrangement has its own order, without marks.
 */
export function keepOrder<Row>(
  before: ShownRows<Row> | undefined,
  arrangement: string,
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): ShownRows<Row> {
  const keys = rows.map(keyOf)
  if (before === undefined || before.arrangement !== arrangement) return { arrangement, rows, keys, changed: noKeys }
  const byKey = new Map(rows.map((row, index) => [keys[index] ?? '', row]))
  const old = new Map(before.keys.map((key, index) => [key, before.rows[index]]))
  const order = mergeKeys(
    before.keys.filter((key) => byKey.has(key)),
    keys,
    new Set(old.keys()),
  )
  const changed = order.filter((key) => old.has(key) && !isSame(old.get(key), byKey.get(key)))
  return {
    arrangement,
    keys: order,
    rows: order.flatMap((key) => byKey.get(key) ?? []),
    // A page that was added is no change of what is shown: the marks stay until rows change again.
    changed: changed.length > 0 ? new Set(changed) : before.changed,
  }
}

/** The kept keys in their order, each new key after the key before it. */
function mergeKeys(kept: readonly string[], keys: readonly string[], known: ReadonlySet<string>): readonly string[] {
  const isFirst = (key: string) => !known.has(key)
  if (!keys.some(isFirst) && kept.length === keys.length) return kept
  const added = new Map<string | undefined, string[]>()
  let anchor: string | undefined
  for (const key of keys) {
    if (known.has(key)) anchor = key
    else added.set(anchor, [...(added.get(anchor) ?? []), key])
  }
  return [...(added.get(undefined) ?? []), ...kept.flatMap((key) => [key, ...(added.get(key) ?? [])])]
}

function isSame(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right)
}
