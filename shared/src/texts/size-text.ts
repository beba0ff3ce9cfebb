const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** A number of bytes in the largest unit in which it is at least 1. */
function scaled(bytes: number): { readonly value: number; readonly unit: (typeof units)[number] } {
  const power = units.findLastIndex((_unit, index) => bytes >= 1024 ** index)
  return { value: bytes / 1024 ** Math.max(0, power), unit: units[power] ?? 'B' }
}

/** A number of bytes in a readable unit, such as `1 KiB` or `1.5 KiB`. */
export function sizeText(bytes: number): string {
  const { value, unit } = scaled(bytes)
  return `${value.toLocaleString('en', { maximumFractionDigits: unit === 'B' ? 0 : 1 })} ${unit}`
}

/** Like {@link sizeText}, but always with one decimal place, such as `1.0 KiB`: for columns, and for numbers that change. */
export function evenSizeText(bytes: number): string {
  const { value, unit } = scaled(bytes)
  return `${unit === 'B' ? value : value.toFixed(1)} ${unit}`
}
