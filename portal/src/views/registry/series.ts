import { metricNames } from '../../api/registry-arm.ts'
import type { Metrics } from '../../api/types.ts'

/** The values of a metric, the oldest first. */
export type Series = {
  readonly name: (typeof metricNames)[number]
  readonly times: readonly string[]
  readonly values: readonly number[]
}

/** The series of the plots: a total for each interval, and of the storage its highest value. */
export function seriesOf({ value }: Metrics): readonly Series[] {
  return metricNames.map((name) => {
    const data = value.find((metric) => metric.name.value === name)?.timeseries[0]?.data ?? []
    const isLevel = name === 'StorageUsed'
    return {
      name,
      times: data.map(({ timeStamp }) => timeStamp),
      values: data.map(({ total = 0, maximum = 0 }) => (isLevel ? maximum : total)),
    }
  })
}

/** The time from one interval to the next. The last interval has no end. */
export function periodAt(times: readonly string[], place: number): { readonly from: string; readonly to?: string } {
  const next = times[place + 1]
  return { from: times[place] ?? '', ...(next !== undefined && { to: next }) }
}
