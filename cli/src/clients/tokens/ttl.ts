import { WrongUsageError } from '../../framework/command/failure.ts'
import { parseDuration } from '../../framework/values/duration.ts'

const maxSeconds = 3 * 3600

/** Parses a time such as `15m`, in seconds. @throws WrongUsageError if it is not 1 second to 3 hours */
export function parseTtl(text: string): number {
  const seconds = (parseDuration(text) ?? 0) / 1000
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > maxSeconds)
    throw new WrongUsageError('It must be a time such as 30s, 15m or 3h, at most 3h.')
  return seconds
}
