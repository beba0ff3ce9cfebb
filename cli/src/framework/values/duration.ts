import { WrongUsageError } from '../command/failure.ts'

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

/** Parses the value of an option as a duration, in milliseconds. @throws WrongUsageError */
export function requireDuration(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw new WrongUsageError('It must be a duration such as 90m, 24h, 7d or 2d12h.')
}

const units = [
  ['day', msOf.d],
  ['hour', msOf.h],
  ['minute', msOf.m],
] as const

/** A duration in its largest unit, such as `3 days`. */
export function durationText(ms: number): string {
  for (const [unit, size] of units) {
    const count = Math.floor(ms / size)
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  const seconds = Math.max(0, Math.round(ms / msOf.s))
  return `${seconds} second${seconds === 1 ? '' : 's'}`
}

const maxSeconds = 3 * 3600

/** Parses a time such as `15m`, in seconds. @throws WrongUsageError if it is not 1 second to 3 hours */
export function parseTtl(text: string): number {
  const seconds = (parseDuration(text) ?? 0) / 1000
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > maxSeconds)
    throw new WrongUsageError('It must be a time such as 30s, 15m or 3h, at most 3h.')
  return seconds
}

/** A time of a document in milliseconds since the epoch. Undefined for other values. */
export function timeMs(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN
  return Number.isNaN(ms) ? undefined : ms
}
