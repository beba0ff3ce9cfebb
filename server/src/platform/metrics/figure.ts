/** One value of a figure. `labels` has a value for each label that the figure declares. */
export type FigureSample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/**
 * One metric. The value is read from a module only when the metrics are scraped. To add a metric, store a plain counter
 * or getter in the module, and add a row to the table in `figures.ts`. `docs/reference/monitoring.md` lists all rows.
 *
 * The sets of labels and label values are fixed. A principal, repository, address, host or any other text that a client
 * chose never becomes a label.
 */
export type Figure = {
  /** The unique name: `acrux_NOUN_UNIT`, with `_total` at the end of a counter. */
  readonly name: string
  /** The description of the metric, in one plain sentence. */
  readonly help: string
} & (
  | {
      readonly kind: 'counter' | 'gauge'
      /** The labels, each with all its values. A sample with an unlisted value is shown as `other`. */
      readonly labels?: Readonly<Record<string, readonly string[]>>
      /** Undefined if the figure does not apply, such as the certificate expiry of a server without a certificate. */
      readonly read: () => Promise<FigureReading>
    }
  | { readonly kind: 'histogram'; readonly read: () => Distribution }
)

export type FigureReading = number | readonly FigureSample[] | undefined

/** A histogram: the number of observations per bound. */
export class Distribution {
  readonly bounds: readonly number[]
  /** The count for each bound, not cumulative. The last count is for values above all bounds. */
  readonly counts: number[]
  sum = 0

  /** @param bounds ascending upper bounds, in the unit of the observed values */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    let index = 0
    while (value > (this.bounds[index] ?? Infinity)) index += 1
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sum += value
  }
}
