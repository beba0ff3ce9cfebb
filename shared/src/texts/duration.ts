const msOf = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** The longest duration: 150 years, as for Azure's `acr purge`. */
const maxMs = 150 * 365 * msOf.d

/**
 * Parses a duration such as `90s`, `1h30m` or `2d12h`: Go's format, with days. [Go, time.ParseDuration]
 *
 * @returns milliseconds; undefined for other texts, and for more than 150 years
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (text.length > 40 || !/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined
  let totalMs = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|[smhd])/g))
    totalMs += Number(amount) * msOf[unit as keyof typeof msOf]
  return totalMs <= maxMs ? totalMs : undefined
}

/** Weeks, or days and a time. Years and months have no fixed length. [ISO 8601-1:2019 §5.5.2] */
const isoPattern = /^P(?=\d|T\d)(?:(\d+)W|(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?)$/

/**
 * Parses a duration of ISO 8601 such as `PT3H` or `P1DT30M`, without years and months.
 *
 * @returns milliseconds; undefined for other texts, and for more than 150 years
 */
export function parseIsoDuration(text: string): number | undefined {
  const found = text.length > 40 ? null : isoPattern.exec(text)
  if (found === null) return undefined
  const [weeks, days, hours, minutes, seconds] = found.slice(1).map((amount) => Number(amount ?? 0))
  const wholeDays = 7 * (weeks ?? 0) + (days ?? 0)
  const totalMs = wholeDays * msOf.d + (hours ?? 0) * msOf.h + (minutes ?? 0) * msOf.m + (seconds ?? 0) * msOf.s
  return totalMs <= maxMs ? totalMs : undefined
}
