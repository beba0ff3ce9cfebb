/**
 * Formats a time for the data plane: UTC with `Z`, up to seven digits of a second, no zeros at their end:
 * `2021-05-28T17:15:15.4118286Z`. Milliseconds may have a fraction. [ACR REST data plane, recordings]
 *
 * @throws {RangeError} for an invalid time.
 */
export function formatDataPlaneTime(epochMilliseconds: number): string {
  const { seconds, fraction } = split(epochMilliseconds)
  const digits = fraction.replace(/0+$/, '')
  return digits === '' ? `${seconds}Z` : `${seconds}.${digits}Z`
}

/**
 * Formats a time for ARM: UTC with `+00:00` and seven digits of a second, or none when they are all zero:
 * `2021-05-28T17:15:15.4118286+00:00`. [ARM, Microsoft.ContainerRegistry recordings]
 *
 * @throws {RangeError} for an invalid time.
 */
export function formatArmTime(epochMilliseconds: number): string {
  const { seconds, fraction } = split(epochMilliseconds)
  return fraction === '0000000' ? `${seconds}+00:00` : `${seconds}.${fraction}+00:00`
}

/** The time down to its second, and the seven digits below it: units of 100 nanoseconds, like .NET. */
function split(epochMilliseconds: number): { seconds: string; fraction: string } {
  const milliseconds = Math.floor(epochMilliseconds)
  const text = new Date(milliseconds).toISOString()
  const ticks = Math.min(9999, Math.round((epochMilliseconds - milliseconds) * 10_000))
  return { seconds: text.slice(0, -'.000Z'.length), fraction: text.slice(-4, -1) + String(ticks).padStart(4, '0') }
}
