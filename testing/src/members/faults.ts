import type { Fault, FaultMatch, Faults } from '../api/api.ts'
import { present } from '../wire/fields.ts'
import type { Session } from '../wire/session.ts'

/** The faults of an emulator. The functions use the control API. */
export function createFaults({ control }: Pick<Session, 'control'>): Faults {
  const remove = async (id: string) => void (await control('DELETE', `/faults/${encodeURIComponent(id)}`))
  const add = async (effect: object, target: FaultMatch = {}): Promise<Fault> => {
    const { times, ...match } = target
    const isLimited = Object.keys(match).length > 0
    const members = new Map<string, unknown>([['then', effect]])
    if (isLimited) members.set('match', match)
    if (times !== undefined) members.set('times', times)
    const { json } = await control('POST', '/faults', Object.fromEntries(members))
    const id = String((json as { readonly id: unknown }).id)
    return { id, remove: () => remove(id) }
  }
  return {
    throttle: ({ times, retryAfter, match = {} } = {}) =>
      add({ status: 429, ...present({ retryAfterSeconds: retryAfter }) }, { ...match, ...present({ times }) }),
    fail: (status, match) => add({ status }, match),
    challenge: (kind, match) => add({ challenge: kind }, match),
    slow: (ms, match) => add({ delayMs: ms }, match),
    cut: (bytes, match) => add({ cutAfterBytes: bytes }, match),
    stall: (bytes, match) => add({ stallAfterBytes: bytes }, match),
    reset: (match) => add({ reset: true }, match),
    corrupt: (match) => add({ corrupt: true }, match),
    clear: async () => {
      const { json } = await control('GET', '/faults')
      const faults = json as readonly { readonly id: unknown }[]
      await Promise.all(faults.map(({ id }) => remove(String(id))))
    },
  }
}
