import { parseDuration } from '@acrux/shared/texts/duration.ts'
import type { AcruxClock } from '../api/api.ts'
import { textAt } from '../wire/fields.ts'
import type { Session } from '../wire/session.ts'

/** The clock of an emulator. The functions use the control API. */
export function createClock({ control }: Pick<Session, 'control'>): AcruxClock {
  const ask = async (method: string, path: string, body?: unknown) =>
    new Date(textAt((await control(method, path, body)).json, 'now'))
  return {
    now: () => ask('GET', '/clock'),
    advance: (by) => ask('POST', '/clock/advance', { by }),
    set: (to) => ask('PUT', '/clock', { now: to.toISOString() }),
    freeze: () => ask('PUT', '/clock', { frozen: true }),
  }
}

/** The instant after a duration from now, in ISO 8601. @throws RangeError for a text that is not a duration */
export async function after(clock: AcruxClock, duration: string): Promise<string> {
  const ms = parseDuration(duration)
  if (ms === undefined)
    throw new RangeError(`"${duration}" is not a duration; write a duration such as 90s, 30m, 3h or 30d`)
  return new Date((await clock.now()).getTime() + ms).toISOString()
}
