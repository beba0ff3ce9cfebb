import type { ClockControl } from '../clock/clock-control.ts'
import type { Seeds } from '../seed/seeds.ts'
import type { Observer } from '../observer/observer.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { WorkloadIssuer } from '../workload-tokens/workload-issuer.ts'

/** The dependencies of the handlers of the control API. */
export type Context = {
  readonly state: EmulatorState
  readonly workloads: WorkloadIssuer
  readonly clock: ClockControl
  readonly seeds: Pick<Seeds, 'apply'>
  /** The certificate of the authority, in PEM; undefined without TLS. */
  readonly caPem: string | undefined
  readonly observer: Observer
  /** The host of the latest public request. The value is undefined if addresses do not depend on requests, or if there was no request. */
  readonly requestedHost: () => string | undefined
}
