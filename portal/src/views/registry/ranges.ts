/** The periods of the plots. */
export const ranges = {
  day: { hours: 24, interval: 'PT1H' },
  week: { hours: 7 * 24, interval: 'PT6H' },
  month: { hours: 30 * 24, interval: 'P1D' },
  quarter: { hours: 90 * 24, interval: 'P1D' },
} as const
export type RangeName = keyof typeof ranges

/** Whether a text is the name of a period. */
export const isRangeName = (text: unknown): text is RangeName => typeof text === 'string' && Object.hasOwn(ranges, text)
