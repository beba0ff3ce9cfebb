/** The sizes of bars, of which the largest has `length`. Even one event beside a million is visible. */
export function barHeights(values: readonly number[], length: number): readonly number[] {
  const max = Math.max(1, ...values)
  return values.map((value) => (value === 0 ? 0 : Math.max(length / 50, (length * value) / max)))
}

/** The greatest value of an axis: the first of 1, 2 or 5 times a power of ten that no value exceeds. */
export function axisEnd(values: readonly number[]): number {
  const max = Math.max(1, ...values)
  const power = 10 ** Math.floor(Math.log10(max))
  return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= max) ?? max
}
