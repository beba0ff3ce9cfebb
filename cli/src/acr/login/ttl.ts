import { WrongUsageError } from '../../command/failure.ts'

const secondsOf = { s: 1, m: 60, h: 3600 } as const

const maxSeconds = 3 * 3600

/** Parses a time such as `15m`, in seconds. @throws WrongUsageError if it is not 1 second to 3 hours */
export function parseTtl(text: string): number {
  const [, amount, unit] = /^(\d{1,5})([smh])$/.exec(text) ?? []
  const seconds = unit === undefined ? 0 : Number(amount) * secondsOf[unit as keyof typeof secondsOf]
  if (seconds < 1 || seconds > maxSeconds)
    throw new WrongUsageError('It must be a time such as 30s, 15m or 3h, at most 3h.')
  return seconds
}
