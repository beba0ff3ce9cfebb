import { oneOf, searchOf } from '../../components/elements/search-params.ts'

/** The periods of the plots. */
export const ranges = {
  day: { hours: 24, interval: 'PT1H' },
  week: { hours: 7 * 24, interval: 'PT6H' },
  month: { hours: 30 * 24, interval: 'P1D' },
  quarter: { hours: 90 * 24, interval: 'P1D' },
} as const
export type RangeName = keyof typeof ranges

/** The names of the periods, in their order. */
export const rangeNames = Object.keys(ranges) as readonly RangeName[]

/** Reads the period in the address of a registry. */
export const parseRangeSearch = searchOf({ range: oneOf(...rangeNames) })
