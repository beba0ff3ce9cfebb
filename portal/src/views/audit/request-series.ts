import type { Series } from '../registry/series.ts'

/** The allowed and the denied requests of each interval. */
export type RequestSeries = {
  readonly times: readonly string[]
  readonly allowed: readonly number[]
  readonly denied: readonly number[]
}

const allowedNames: readonly string[] = ['SuccessfulPullCount', 'SuccessfulPushCount', 'SignInCount']

/** Adds pulls, pushes and sign-ins of each interval; denied requests have a metric of their own. */
export function requestSeries(series: readonly Series[]): RequestSeries {
  const times = series[0]?.times ?? []
  const ofAllowed = series.filter(({ name }) => allowedNames.includes(name))
  const denied = series.find(({ name }) => name === 'DenialCount')?.values ?? []
  return {
    times,
    allowed: times.map((_time, index) => ofAllowed.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)),
    denied: times.map((_time, index) => denied[index] ?? 0),
  }
}
