import { isLoopback } from '../configuration/index.ts'
import { type ClockControl, type Seeds, createSeeds } from '../emulator/index.ts'
import type { ListenAddress } from '../platform/http/acceptor.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { ComposedParts } from './compose.ts'

type SeedServer = {
  /** The address of the control API. */
  readonly control: ListenAddress
  /** The clock of the server, and the function that moves the clock. */
  readonly clock: Clock
  readonly clockControl: ClockControl
  /** The present server, which a reset replaces. */
  readonly parts: () => ComposedParts
}

/** Creates the seeds of an emulator. */
export function seedsOf({ control, clock, clockControl, parts }: SeedServer): Seeds {
  return createSeeds({
    // A request from another machine must not name files of this machine.
    directory: isLoopback(control) ? process.cwd() : undefined,
    context: () => {
      const { modules, ...rest } = parts()
      const setClock = async (nowMs: number) => {
        await clockControl.change({ now: new Date(nowMs).toISOString() })
      }
      return { ...modules, ...rest, clock, setClock }
    },
  })
}
