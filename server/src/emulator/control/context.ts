import type { EmulatorState } from '../state/emulator-state.ts'

/** What the handlers of the control API use. */
export type Context = {
  readonly state: EmulatorState
}
