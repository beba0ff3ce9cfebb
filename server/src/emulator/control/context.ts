import type { ClockControl } from '../clock/clock-control.ts'
import type { Seeds } from '../seed/seeds.ts'
import type { Observer } from '../observer/observer.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { WorkloadIssuer } from '../workload-tokens/workload-issuer.ts'

/** What the handlers of the control API use. */
export type Context = {
  readonly state: EmulatorState
  readonly workloads: WorkloadIssuer
  readonly clock: ClockControl
  readonly seeds: Pick<Seeds, 'apply'>
  /** The certificate of the authority, in PEM; undefined without TLS. */
  readonly caPem: string | undefined
  readonly observer: Observer
  /** The host of the latest public request; undefined if addresses do not follow the requests, or there was none. */
  readonly requestedHost: () => string | undefined
}
