/** One value of a figure. `labels` has a value for each label that the figure declares. */
export type FigureSample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/**
 * One metric. Its value is read from a module only when the metrics are scraped. To add a metric, keep a plain counter or
 * getter in the module, and add a row to the table in `figures.ts`; `docs/reference/monitoring.md` lists every row.
 *
 * The sets of labels and their values are closed: no principal, repository, address, host or other text that a client
 * chose becomes a label.
 */
export type Figure = {
  /** `acrux_NOUN_UNIT`, with `_total` at the end of a counter. Unique. */
  readonly name: string
  /** One plain sentence. */
  readonly help: string
} & (
  | {
      readonly kind: 'counter' | 'gauge'
      /** The labels, each with all its values. A sample with another value is shown as `other`. */
      readonly labels?: Readonly<Record<string, readonly string[]>>
      /** Undefined if the figure does not apply, such as the certificate expiry of a server without a certificate. */
      readonly read: () => Promise<FigureReading>
    }
  | { readonly kind: 'histogram'; readonly read: () => Distribution }
)

export type FigureReading = number | readonly FigureSample[] | undefined

/** The number of observations per bound. */
export class Distribution {
  readonly bounds: readonly number[]
  /** Per bound, not cumulative; the last is for values above all bounds. */
  readonly counts: number[]
  sum = 0

  /** @param bounds ascending, in the unit of the observed values */
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
