import { parseDuration } from '@acrux/shared/texts/duration.ts'
import { WrongUsageError } from '../command/failure.ts'

/** Parses the value of an option as a duration, in milliseconds. @throws WrongUsageError */
export function requireDuration(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw new WrongUsageError('The value must be a duration such as 90m, 24h, 7d or 2d12h.')
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** A duration in its largest unit, such as `3 days`. */
export function durationText(ms: number): string {
  for (const [unit, size] of units) {
    const count = Math.floor(ms / size)
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  const seconds = Math.max(0, Math.round(ms / 1000))
  return `${seconds} second${seconds === 1 ? '' : 's'}`
}

const maxSeconds = 3 * 3600

/** Parses a time such as `15m`, in seconds. @throws WrongUsageError if the time is not between 1 second and 3 hours */
export function parseTtl(text: string): number {
  const seconds = (parseDuration(text) ?? 0) / 1000
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > maxSeconds)
    throw new WrongUsageError('The value must be a time such as 30s, 15m or 3h, at most 3h.')
  return seconds
}

/** A time of a document in milliseconds since the epoch. Undefined for other values. */
export function timeMs(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN
  return Number.isNaN(ms) ? undefined : ms
}
