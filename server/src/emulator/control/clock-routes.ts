import { ClockInputError } from '../clock/clock-input.ts'
import type { ClockDocument } from '../clock/steered-clock.ts'
import type { Context } from './context.ts'
import { invalidRequest } from './errors.ts'
import { type Answer, type Call, type Route, ok } from './route.ts'

const path = '/_acrux/clock'

/** The routes that show and move the clock. */
export const clockRoutes: readonly Route<Context>[] = [
  { id: 'readClock', method: 'GET', path, handle: ({ clock }) => ok(clock.read()) },
  {
    id: 'changeClock',
    method: 'PUT',
    path,
    body: 'text',
    handle: ({ clock }, call) => move(call, (body) => clock.change(body)),
  },
  {
    id: 'advanceClock',
    method: 'POST',
    path: `${path}/advance`,
    body: 'text',
    handle: ({ clock }, call) => move(call, (body) => clock.advance(body)),
  },
]

async function move({ text }: Call, change: (body: unknown) => Promise<ClockDocument>): Promise<Answer> {
  try {
    return ok(await change(JSON.parse(text)))
  } catch (error) {
    if (error instanceof ClockInputError) throw invalidRequest(error.message, error)
    if (error instanceof SyntaxError) throw invalidRequest(`the body is not JSON: ${error.message}`, error)
    throw error
  }
}
