import type { Audit } from '../../audit/index.ts'
import type { Interceptor } from '../../platform/http/interceptor.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { FaultSet } from '../faults/fault-set.ts'
import { createInterceptor } from '../faults/interceptor.ts'
import { type Realism, createRealism } from '../realism/realism.ts'
import { type RecordedDecision, recordDecisions } from '../records/recorded-decisions.ts'
import { LatestEntries, type RecordedRequest } from '../records/recorded-requests.ts'

/** Observes the requests and decisions of an emulator, and changes its responses. */
export type Observer = {
  readonly faults: FaultSet
  readonly requests: LatestEntries<RecordedRequest>
  readonly decisions: LatestEntries<RecordedDecision>
  /** The dependencies that each server receives. */
  readonly hooks: {
    readonly interceptor: Interceptor
    readonly wrapAudit: (audit: Audit) => Audit
    readonly delays: Realism['delays'] | undefined
  }
  /** The caller calls this function with each server, before the server accepts connections. */
  readonly attach: Realism['attach']
  /**
   * The state of the observer in snapshots. After a reset or a restored snapshot, the lists of recorded requests and decisions are empty.
   */
  readonly kept: readonly {
    readonly name: string
    readonly save: () => unknown
    readonly restore: (saved: unknown) => void
  }[]
}

/** The state that this version of the emulator has saved. */
type SavedFaults = Parameters<FaultSet['restore']>[0]
type SavedRealism = Parameters<Realism['kept']['restore']>[0]

/** Creates the observer of an emulator. If `imitatesAzure` is true, changes take effect with the delays of Azure. */
export function createObserver(clock: Clock, imitatesAzure: boolean): Observer {
  const faults = new FaultSet()
  const requests = new LatestEntries<RecordedRequest>()
  const decisions = new LatestEntries<RecordedDecision>()
  const realism = imitatesAzure ? createRealism(clock) : undefined
  const intercept = createInterceptor({ faults, requests, clock })
  const now = () => clock.now()
  return {
    faults,
    requests,
    decisions,
    hooks: {
      interceptor: (next) => intercept(realism?.interceptor(next) ?? next),
      wrapAudit: (audit) => recordDecisions(realism?.wrapAudit(audit) ?? audit, decisions, now),
      delays: realism?.delays,
    },
    attach: (ports) => realism?.attach(ports),
    kept: [
      { name: 'faults', save: () => faults.list(), restore: (saved) => faults.restore((saved ?? []) as SavedFaults) },
      {
        name: 'realism',
        save: () => realism?.kept.save(),
        restore: (saved) => realism?.kept.restore(saved as SavedRealism),
      },
      {
        name: 'records',
        save: () => null,
        restore: () => {
          requests.clear()
          decisions.clear()
        },
      },
    ],
  }
}
