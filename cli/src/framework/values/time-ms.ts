/** A time of a document in milliseconds since the epoch. Undefined for other values. */
export function timeMs(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN
  return Number.isNaN(ms) ? undefined : ms
}
