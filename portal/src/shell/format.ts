const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** A number of bytes with a unit. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value.toLocaleString('en', { maximumFractionDigits: unit === 0 ? 0 : 1 })} ${units[unit] ?? ''}`
}

/** A time as the device shows it. Text that is no time stays as it is. */
export function formatTime(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })
}

/** The first characters of a digest. */
export function shortDigest(digest: string): string {
  return digest.replace(/^(sha\d+:)?(.{12}).*$/, '$1$2')
}
