const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The milliseconds of a duration such as `90s`, `30m`, `3h` or `30d`. @throws RangeError for another text */
export function requireDuration(text: string): number {
  const { number = '', unit = '' } = /^(?<number>\d+)(?<unit>[smhd])$/.exec(text)?.groups ?? {}
  const factor = unitMs[unit]
  if (factor === undefined) throw new RangeError(`"${text}" is not a duration; write one such as 90s, 30m, 3h or 30d`)
  return Number(number) * factor
}
