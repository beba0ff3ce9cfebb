/** A time span in the largest unit in which it is a whole number. */
export function formatSeconds(seconds: number): string {
  const [name, size] = spans.find(([, size]) => seconds % size === 0) ?? (['second', 1] as const)
  return (seconds / size).toLocaleString('en', { style: 'unit', unit: name, unitDisplay: 'long' })
}

const spans = [
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
] as const

/** A part of 1 as a percentage. */
export function formatShare(share: number): string {
  return share.toLocaleString('en', { style: 'percent' })
}

/** A time as the device shows it. Text that is no time stays as it is. */
export function formatTime(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })
}

/** A time with all of its digits, in UTC: `2026-11-30 19:42:07.318 UTC`. Text that is no time stays as it is. */
export function formatExact(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toISOString().replace('T', ' ').replace('Z', ' UTC')
}

/** A time with its milliseconds, in UTC or as the device has it, without the name of the zone. Text that is no time stays as it is. */
export function formatMoment(text: string, isUtc: boolean): string {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) return text
  const shiftMs = isUtc ? 0 : new Date(ms).getTimezoneOffset() * 60_000
  return new Date(ms - shiftMs).toISOString().replace('T', ' ').replace('Z', '')
}

/** The first characters of a digest. */
export function shortDigest(digest: string): string {
  return digest.replace(/^(sha\d+:)?(.{12}).*$/, '$1$2')
}

const ages = [
  ['year', 365 * 24 * 3600],
  ['month', 30 * 24 * 3600],
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
] as const

/** How long ago a time was, such as `3 days ago`. Text that is no time stays as it is. */
export function formatAge(text: string, nowMs = Date.now()): string {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) return text
  const seconds = Math.round((ms - nowMs) / 1000)
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
  const found = ages.find(([, size]) => Math.abs(seconds) >= size)
  return found === undefined ? format.format(0, 'minute') : format.format(Math.trunc(seconds / found[1]), found[0])
}
