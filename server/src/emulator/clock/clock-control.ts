import { setTimeout as sleep } from 'node:timers/promises'
import type { ClockMove } from '../../platform/process/shared-clock.ts'
import { parseAdvance, parseClockChange } from './clock-input.ts'
import type { ClockDocument, SteeredClock } from './steered-clock.ts'

/** How long the response to a change of the clock waits for the due jobs. Jobs that take longer continue after the response. */
const maxJobsMs = 10_000

/** Runs the jobs that are due after the clock was changed, in the server that runs at this time. */
export type AfterClockMove = (move: ClockMove) => Promise<void>

/** The clock of the control API. Each change returns when every thread uses the new time and the due jobs have run. */
export interface ClockControl {
  /** `GET /_acrux/clock` */
  read(): ClockDocument
  /** `PUT /_acrux/clock` @throws ClockInputError */
  change(body: unknown): Promise<ClockDocument>
  /** `POST /_acrux/clock/advance` @throws ClockInputError */
  advance(body: unknown): Promise<ClockDocument>
}

/** Creates the clock of the control API. */
export function createClockControl(clock: SteeredClock, afterMove: AfterClockMove): ClockControl {
  async function settle(move: ClockMove): Promise<ClockDocument> {
    await Promise.race([afterMove(move), sleep(maxJobsMs, undefined, { ref: false })])
    return clock.document()
  }
  return {
    read: () => clock.document(),
    change: (body) => settle(clock.set(parseClockChange(body))),
    advance: (body) => settle(clock.advance(parseAdvance(body))),
  }
}
