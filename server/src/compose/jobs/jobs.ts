import { expireEvents } from '../../audit/index.ts'
import type { Configuration } from '../../configuration/index.ts'
import type { Job } from '../../operations/index.ts'
import type { AcmeCertificates } from '../../platform/acme/acme-certificates.ts'
import { challengeSeconds } from '../../platform/acme/challenges.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { WriterWatch } from '../../platform/sql/writer-watch.ts'
import type { Preparation } from '../../registry/index.ts'
import { acmeHosts, listRegistries } from '../hosts/login-servers.ts'
import type { Modules } from '../modules/modules.ts'
import type { State } from '../state/state.ts'

export type JobName =
  | 'collect-garbage'
  | 'clean-up'
  | 'write-audit-counts'
  | 'extend-audit-chain'
  | 'deliver-audit-events'
  | 'purge-audit-events'
  | 'flush-counters'
  | 'read-reports'
  | 'scrub'
  | 'recheck-imports'
  | 'watch-space'
  | 'probe-writer'
  | 'compare-clocks'
  | 'renew-certificates'
  | 'load-certificates'
  | 'load-challenges'

export type Jobs = Readonly<Record<JobName, Job>>

export type JobSources = {
  readonly modules: Modules
  readonly state: Pick<State, 'database' | 'sealer' | 'space' | 'ballast' | 'processes'>
  /** Undefined without an ACME provider. */
  readonly acme: AcmeCertificates | undefined
  readonly writerWatch: WriterWatch
  readonly clockWatch: { readonly probe: () => Promise<void> }
  readonly clock: Clock
  readonly log: Log
}

/** The table of all jobs. */
export function listJobs(configuration: Configuration, sources: JobSources): Jobs {
  const { modules, acme } = sources
  const { registry } = modules
  return {
    ...auditJobs(configuration, sources),
    ...watchJobs(sources),
    /** Applies the policies of every registry, then deletes all unreachable content. */
    'collect-garbage': {
      runs: 'once for all',
      intervalSeconds: configuration.gc.intervalSeconds,
      followsClock: true,
      run: () => registry.collectGarbage(prepareCollection(modules)),
      failure: 'garbage collection failed',
      failureLevel: 'error',
    },
    /** Ends memberships that came from expired sign-ins, expired sessions of the portal, and imports of servers that no longer run; deletes old counters and pulls. */
    'clean-up': {
      runs: 'once for all',
      intervalSeconds: 60,
      followsClock: true,
      run: () => cleanUp(sources),
      failure: 'cleanup of expired memberships, sessions, imports and counters failed',
      failureLevel: 'error',
    },
    /** Writes the hourly counters of each registry, and the pulls of manifests, tags and repositories. */
    'flush-counters': {
      runs: 'in each process',
      intervalSeconds: 60,
      run: async () => {
        await modules.activity.flush()
        await registry.flushLastPulls()
      },
      failure: 'failed to write the hourly counters and last pull times',
      failureLevel: 'warn',
    },
    /** Reads attached reports, such as scans for vulnerabilities, after their push. */
    'read-reports': {
      runs: 'once for all',
      intervalSeconds: 1,
      run: () => registry.readReports(),
      failure: 'failed to read the attached reports',
      failureLevel: 'error',
    },
    /** Verifies stored content in the background, when a scrub is due. */
    scrub: {
      runs: 'once for all',
      intervalSeconds: 1,
      run: () => registry.scrubs.continueBackground(),
      failure: 'the background scrub failed',
      failureLevel: 'error',
    },
    /** Stops the imports of this process that were cancelled, or whose callers lost their permissions. */
    'recheck-imports': {
      runs: 'in each process',
      intervalSeconds: 1,
      run: () => modules.imports.recheck(),
      failure: 'failed to check the permissions of running imports',
      failureLevel: 'error',
    },
    /** Orders certificates that are missing or due for renewal. */
    'renew-certificates': {
      runs: 'once for all',
      intervalSeconds: 5,
      run: async () => acme?.renewDue(await acmeHosts(modules.resources, configuration)),
      failure: 'failed to renew certificates',
      failureLevel: 'error',
    },
    /** Loads the certificates that another process has ordered. */
    'load-certificates': {
      runs: 'in each process',
      intervalSeconds: 5,
      run: async () => acme?.load(await acmeHosts(modules.resources, configuration)),
      failure: 'failed to load the certificates of the ACME provider',
      failureLevel: 'error',
    },
    /** Loads the challenges that another process has published. */
    'load-challenges': {
      runs: 'in each process',
      intervalSeconds: challengeSeconds,
      run: async () => acme?.challenges.load(),
      failure: 'failed to load the challenges of the ACME provider',
      failureLevel: 'error',
    },
  }
}

/** The work before each garbage collection. */
export function prepareCollection({ imports, registry, resources }: Modules): Preparation {
  return async (onDeleted) => {
    for (const policed of await listRegistries(resources)) {
      const { untagged, purged } = await registry.applyPolicies(policed)
      onDeleted(untagged + purged)
    }
    await imports.endOrphaned()
    await imports.purge()
  }
}

/** The jobs that watch the dependencies of this process. */
function watchJobs(sources: JobSources): Pick<Jobs, 'watch-space' | 'probe-writer' | 'compare-clocks'> {
  return {
    /** On a full disk, frees the space that garbage collection needs and ends idle uploads. */
    'watch-space': {
      runs: 'in each process',
      intervalSeconds: 1,
      run: () => watchSpace(sources),
      failure: 'failed to check the free disk space',
      failureLevel: 'error',
    },
    /** Checks whether transactions can be committed. */
    'probe-writer': {
      runs: 'in each process',
      intervalSeconds: 5,
      run: () => sources.writerWatch.probe(),
      failure: 'the database probe failed',
      failureLevel: 'error',
    },
    /** Compares the clock of this server with the clock of PostgreSQL. */
    'compare-clocks': {
      runs: 'in each process',
      intervalSeconds: 2,
      run: () => sources.clockWatch.probe(),
      failure: 'failed to compare the clocks of the server and PostgreSQL',
      failureLevel: 'warn',
    },
  }
}

function auditJobs(configuration: Configuration, { modules, state, clock }: JobSources) {
  const { audit, auditing } = modules
  const { database, sealer } = state
  const { retentionDays } = configuration.audit
  return {
    /** Writes how often denials were repeated, and when credentials were used. */
    'write-audit-counts': {
      runs: 'in each process',
      intervalSeconds: 0.5,
      run: async () => {
        await auditing.recorder.writeFolded()
        await auditing.credentialUses.flush()
      },
      failure: 'failed to write the audit events of repeated denials and credential uses',
      failureLevel: 'error',
    },
    /** Adds the events since the last run to the hash chain. */
    'extend-audit-chain': {
      runs: 'once for all',
      intervalSeconds: 0.5,
      run: () => auditing.chain.extend(),
      failure: 'failed to extend the audit hash chain',
      failureLevel: 'error',
    },
    /** Delivers audit events to webhooks. */
    'deliver-audit-events': {
      runs: 'once for all',
      intervalSeconds: 1,
      run: () => auditing.delivery.deliver(),
      failure: 'failed to deliver audit events to webhooks',
      failureLevel: 'error',
    },
    /** Deletes audit events that are older than the configured retention. */
    'purge-audit-events': {
      runs: 'once for all',
      intervalSeconds: 600,
      followsClock: true,
      run: () => expireEvents({ database, clock, sealer, audit, retentionDays }),
      failure: 'failed to purge expired audit events',
      failureLevel: 'error',
    },
  } as const satisfies Partial<Jobs>
}

async function cleanUp({ modules }: JobSources): Promise<void> {
  const { activity, directory, imports, portal, registry } = modules
  await Promise.all([
    directory.endStaleMemberships(),
    portal.endExpiredSessions(),
    imports.endOrphaned(),
    activity.expire(),
    registry.expirePulls(),
  ])
}

async function watchSpace({ modules, state, log }: JobSources): Promise<void> {
  await state.ballast.adjust()
  if (!state.space.state().isLow) return
  const ended = await modules.registry.reclaimSpace()
  if (ended > 0) log.warn({ uploads: ended }, 'ended idle uploads because the disk is low on space')
}
