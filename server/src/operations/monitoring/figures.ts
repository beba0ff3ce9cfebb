import type { AuditLag, EventCount, EventTally } from '../../audit/index.ts'
import type { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import type { Figure, FigureSample } from '../../platform/metrics/figure.ts'
import type { ContentSpace } from '../../platform/files/free-space.ts'
import { droppedLogLines } from '../../platform/log/log.ts'
import { passwordHashFigures } from '../../platform/keys/password-hash.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { WriterWatch } from '../../platform/sql/writer-watch.ts'
import type { AcmeCertificates } from '../../platform/acme/acme-certificates.ts'
import type { CertificateSource } from '../../platform/tls/certificate-source.ts'
import { registryFigures, type RegistryFigureSources } from './registry-figures.ts'
import type { SigningKeys } from './signing-keys.ts'

type FigureSources = {
  readonly database: Database
  readonly writerWatch: WriterWatch
  readonly clockWatch: Pick<ClockWatch, 'aheadMs'>
  readonly events: EventTally
  readonly auditLag: AuditLag
  readonly certificates: CertificateSource | undefined
  /** The value is undefined without an ACME provider. */
  readonly acme: Pick<AcmeCertificates, 'expiresAtMs'> | undefined
  readonly tokenService: SigningKeys
  readonly identity: SigningKeys
  readonly space: Pick<ContentSpace, 'state'>
  readonly callerBudgets: Pick<CallerBudgets, 'counts'>
  readonly registry: RegistryFigureSources
}

/**
 * The metrics of the modules at `/metrics`; The metrics of the content of registries are in `registry-figures.ts`, and the metrics of
 * requests and connections are in `platform/metrics`. To add a metric, add its source to {@link FigureSources}, and describe the metric in
 * `docs/reference/monitoring.md`.
 */
export function figuresOf(sources: FigureSources): readonly Figure[] {
  return [
    ...eventFigures(sources.events),
    ...passwordFigures(),
    ...databaseFigures(sources),
    ...auditFigures(sources.auditLag),
    ...expiryFigures(sources),
    ...diskFigures(sources.space),
    ...budgetFigures(sources.callerBudgets),
    ...registryFigures(sources.registry),
  ]
}

/** The methods of sign-in, by their names in the audit log. */
const signInMethods = ['password', 'passkey', 'provider', 'second-factor', 'device-code']

/** The surface that denied a request, by the first part of the action in the audit log. */
const surfaces: Readonly<Record<string, string>> = {
  data: 'registry',
  token: 'token-service',
  'identity-token': 'identity',
  machine: 'identity',
  'user-info': 'identity',
  'sign-in': 'sign-in',
  device: 'sign-in',
  password: 'sign-in',
  management: 'management',
  graph: 'graph',
}

/** The reasons that have a separate label. Other codes of ARM, Graph and Entra have the label `other`. */
// prettier-ignore
const reasons = [
  'invalid-credential', 'insufficient-scope', 'unusable-authorization', 'throttled', 'network', 'public-access-disabled',
  'wrong', 'wrong-credentials', 'invalid-refresh-token', 'invalid-workload-token', 'credential-withdrawn', 'anonymous-pull-disabled', 'disabled', 'busy', 'limit',
  'malformed', 'signature', 'issuer', 'audience', 'expired', 'not-yet-valid', 'claims', 'principal', 'credential', 'subject',
  'several-applications', 'lifetime', 'issuer-unavailable', 'foreign-tenant', 'no-assignment',
  'AuthenticationFailed', 'AuthorizationFailed', 'LinkedAuthorizationFailed', 'Authorization_RequestDenied', 'InvalidAuthenticationToken',
]

function eventFigures(events: EventTally): readonly Figure[] {
  const samples = (toLabels: (event: EventCount) => Record<string, string> | undefined): FigureSample[] =>
    events.counts().flatMap((event) => {
      const labels = toLabels(event)
      return labels === undefined ? [] : [{ labels, value: event.count }]
    })
  return [
    {
      name: 'acrux_sign_ins_total',
      help: 'Sign-in steps that users completed or failed, by method.',
      kind: 'counter',
      labels: { method: signInMethods, outcome: ['success', 'denied'] },
      read: async () =>
        samples(({ action, outcome }) =>
          action.startsWith('sign-in.') && action !== 'sign-in.end'
            ? { method: action.slice('sign-in.'.length), outcome: outcome === 'success' ? 'success' : 'denied' }
            : undefined,
        ),
    },
    {
      name: 'acrux_tokens_issued_total',
      help: 'Tokens issued: ACR refresh and access tokens, and tokens of the identity provider.',
      kind: 'counter',
      labels: { kind: ['acr-refresh', 'acr-access', 'identity'] },
      read: async () =>
        samples(({ action, outcome }) => {
          const kind = tokenKinds.get(action)
          return outcome === 'success' && kind !== undefined ? { kind } : undefined
        }),
    },
    {
      name: 'acrux_denials_total',
      help: 'Requests that were denied, by surface and reason.',
      kind: 'counter',
      labels: { surface: [...new Set(Object.values(surfaces))], reason: reasons },
      read: async () =>
        samples(({ action, outcome, reason }) =>
          outcome === 'refused' ? { surface: surfaces[action.split('.', 1)[0] ?? ''] ?? 'other', reason } : undefined,
        ),
    },
  ]
}

const tokenKinds: ReadonlyMap<string, string> = new Map([
  ['token.exchange', 'acr-refresh'],
  ['token.issue', 'acr-access'],
  ['identity-token.issue', 'identity'],
])

function passwordFigures(): readonly Figure[] {
  return [
    {
      name: 'acrux_password_hashes',
      help: 'Password hash calculations that are running or waiting.',
      kind: 'gauge',
      labels: { state: ['running', 'waiting'] },
      read: async () => {
        const { running, waiting } = passwordHashFigures()
        return [
          { labels: { state: 'running' }, value: running },
          { labels: { state: 'waiting' }, value: waiting },
        ]
      },
    },
    {
      name: 'acrux_password_hashes_rejected_total',
      help: 'Password hash calculations that were rejected because too many calculations were waiting.',
      kind: 'counter',
      read: async () => passwordHashFigures().rejected,
    },
  ]
}

function databaseFigures({
  database,
  writerWatch,
  clockWatch,
}: Pick<FigureSources, 'database' | 'writerWatch' | 'clockWatch'>): readonly Figure[] {
  return [
    {
      name: 'acrux_database_queue_length',
      help: 'Transactions in the queue.',
      kind: 'gauge',
      read: async () => database.writerLoad().waiting,
    },
    {
      name: 'acrux_database_commit_seconds',
      help: 'Time from the beginning of a group of transactions until the group is on the disk.',
      kind: 'histogram',
      read: () => database.writerLoad().commitSeconds,
    },
    {
      name: 'acrux_database_writer_stuck_seconds',
      help: 'Time since the last commit while commits fail; otherwise 0.',
      kind: 'gauge',
      read: async () => writerWatch.stuckMs() / 1000,
    },
    {
      name: 'acrux_clock_ahead_seconds',
      help: 'Difference between the clock of the server and the clock of PostgreSQL; positive if the clock of the server is ahead. Absent on SQLite.',
      kind: 'gauge',
      read: async () => {
        const aheadMs = clockWatch.aheadMs()
        return aheadMs === undefined ? undefined : aheadMs / 1000
      },
    },
  ]
}

function auditFigures({ chainSeconds, webhookSeconds }: AuditLag): readonly Figure[] {
  return [
    {
      name: 'acrux_audit_chain_lag_seconds',
      help: 'Age of the oldest audit event that the hash chain does not contain yet.',
      kind: 'gauge',
      read: chainSeconds,
    },
    {
      name: 'acrux_audit_webhook_lag_seconds',
      help: 'Age of the oldest audit event that an enabled webhook has not received.',
      kind: 'gauge',
      read: webhookSeconds,
    },
  ]
}

type ExpirySources = Pick<FigureSources, 'certificates' | 'acme' | 'tokenService' | 'identity'>

function expiryFigures({ certificates, acme, tokenService, identity }: ExpirySources): readonly Figure[] {
  return [
    {
      name: 'acrux_certificate_expiry_timestamp_seconds',
      help: 'First expiry of a TLS certificate. Absent over plain HTTP.',
      kind: 'gauge',
      read: async () =>
        certificates === undefined
          ? undefined
          : Math.min(certificates.expiresAtMs(), acme?.expiresAtMs() ?? Infinity) / 1000,
    },
    {
      name: 'acrux_signing_key_rotation_timestamp_seconds',
      help: 'Time of the next rotation of the signing key.',
      kind: 'gauge',
      labels: { ring: ['acr', 'identity'] },
      read: async () => [
        { labels: { ring: 'acr' }, value: (await tokenService.signingKey()).rotationDueMs / 1000 },
        { labels: { ring: 'identity' }, value: (await identity.signingKey()).rotationDueMs / 1000 },
      ],
    },
  ]
}

function diskFigures(space: FigureSources['space']): readonly Figure[] {
  return [
    {
      name: 'acrux_disk_free_bytes',
      help: 'Free space on the file system of the data directory.',
      kind: 'gauge',
      read: async () => space.state().freeBytes,
    },
    {
      name: 'acrux_disk_reserve_bytes',
      help: 'Free space below which the server rejects new content.',
      kind: 'gauge',
      read: async () => space.state().reserveBytes,
    },
    {
      name: 'acrux_log_lines_dropped_total',
      help: 'Log lines that could not be written.',
      kind: 'counter',
      read: async () => droppedLogLines(),
    },
  ]
}

function budgetFigures(callerBudgets: FigureSources['callerBudgets']): readonly Figure[] {
  return [
    {
      name: 'acrux_requests_waiting',
      help: 'Requests that wait because the caller has reached a limit.',
      kind: 'gauge',
      read: async () => callerBudgets.counts.waiting,
    },
    {
      name: 'acrux_requests_over_budget_total',
      help: 'Requests that were rejected with status 429 because too many requests of the caller were waiting.',
      kind: 'counter',
      read: async () => callerBudgets.counts.rejected,
    },
    {
      name: 'acrux_buffered_body_bytes',
      help: 'Memory that is reserved for manifests of current pushes.',
      kind: 'gauge',
      read: async () => callerBudgets.counts.bufferedBytes,
    },
  ]
}
