import type { Audit } from '../../audit/index.ts'
import type { Interceptor } from '../../platform/http/interceptor.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { FaultSet } from '../faults/fault-set.ts'
import { createInterceptor } from '../faults/interceptor.ts'
import { type Realism, createRealism } from '../realism/realism.ts'
import { type RecordedDecision, recordDecisions } from '../records/recorded-decisions.ts'
import { LatestEntries, type RecordedRequest } from '../records/recorded-requests.ts'

/** What watches the requests and decisions of an emulator, and changes its responses. */
export type Observer = {
  readonly faults: FaultSet
  readonly requests: LatestEntries<RecordedRequest>
  readonly decisions: LatestEntries<RecordedDecision>
  /** For the wiring of each server. */
  readonly hooks: {
    readonly interceptor: Interceptor
    readonly wrapAudit: (audit: Audit) => Audit
    readonly delays: Realism['delays'] | undefined
  }
  /** To be called with each server, before it accepts connections. */
  readonly attach: Realism['attach']
  /** What snapshots contain of it. A reset and a restored snapshot begin with no recorded requests and decisions. */
  readonly kept: readonly {
    readonly name: string
    readonly save: () => unknown
    readonly restore: (saved: unknown) => void
  }[]
}

/** What this version has saved. */
type SavedFaults = Parameters<FaultSet['restore']>[0]
type SavedRealism = Parameters<Realism['kept']['restore']>[0]

/** Creates the observer of an emulator. `imitatesAzure` says whether changes arrive with the delays of Azure. */
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
