/** The units of a limit, in bytes. */
export const units = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const

export type Unit = keyof typeof units

/** The largest unit in which a limit is a whole number. */
export function unitOf(bytes: number | undefined): Unit {
  if (bytes === undefined) return 'GiB'
  const found = (['TiB', 'GiB'] as const).find((unit) => bytes >= units[unit] && bytes % units[unit] === 0)
  return found ?? 'MiB'
}
