import { parseDuration, parseIsoDuration } from '@acrux/shared/texts/duration.ts'

/** A request to change the clock is invalid. The message says what the client must send instead. */
export class ClockInputError extends Error {
  override readonly name = 'ClockInputError'
}

/** The time and the state that `PUT /_acrux/clock` sets. At least one of the two is defined. */
export type ClockChange = { readonly nowMs: number | undefined; readonly frozen: boolean | undefined }

/** The first and the last time that every document of the server can contain. */
const minMs = 0
const maxMs = Date.UTC(10_000, 0, 1) - 1

/** A date, or a date and a time with the difference to UTC. [RFC 3339 §5.6] */
const timePattern = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/

/** Parses a time of ISO 8601, in milliseconds since the epoch. @throws ClockInputError */
export function requireTime(name: string, value: unknown): number {
  const [text = '', date = ''] = (typeof value === 'string' && timePattern.exec(value)) || []
  const ms = Date.parse(text)
  // `Date.parse` reads February 30 as a day in March.
  if (Number.isNaN(ms) || new Date(Date.parse(date)).toISOString().slice(0, 10) !== date) {
    throw new ClockInputError(`${name} must be a time such as 2027-01-01T00:00:00Z, not ${shown(value)}`)
  }
  return requireInRange(ms)
}

/** @throws ClockInputError for a time that the clock cannot have */
export function requireInRange(ms: number): number {
  if (ms >= minMs && ms <= maxMs) return ms
  throw new ClockInputError('the clock must show a time from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z')
}

/** Parses the body of `PUT /_acrux/clock`. @throws ClockInputError */
export function parseClockChange(body: unknown): ClockChange {
  const { now, frozen } = requireObject(body, ['now', 'frozen'])
  if (frozen !== undefined && typeof frozen !== 'boolean') {
    throw new ClockInputError(`'frozen' must be true or false, not ${shown(frozen)}`)
  }
  if (now === undefined && frozen === undefined) throw new ClockInputError("send 'now', 'frozen' or both")
  return { nowMs: now === undefined ? undefined : requireTime('now', now), frozen }
}

/** Parses the body of `POST /_acrux/clock/advance`, in milliseconds. @throws ClockInputError */
export function parseAdvance(body: unknown): number {
  const { by } = requireObject(body, ['by'])
  const ms = typeof by === 'string' ? (parseDuration(by) ?? parseIsoDuration(by)) : undefined
  if (ms !== undefined) return Math.round(ms)
  const isNegative = typeof by === 'string' && by.startsWith('-')
  const advice = isNegative ? '; to set the clock back, send PUT /_acrux/clock with now' : ''
  throw new ClockInputError(`'by' must be a duration such as 90s, 30m, 3h, 2d or PT3H, not ${shown(by)}${advice}`)
}

function requireObject<Key extends string>(
  body: unknown,
  keys: readonly Key[],
): Readonly<Partial<Record<Key, unknown>>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ClockInputError(`send a JSON object with ${keys.join(' and ')}`)
  }
  const unknown = Object.keys(body).find((key) => !keys.some((known) => known === key))
  if (unknown === undefined) return body as Partial<Record<Key, unknown>>
  throw new ClockInputError(`${shown(unknown)} is not known; send ${keys.join(' and ')}`)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
