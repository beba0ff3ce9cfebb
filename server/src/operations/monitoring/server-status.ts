import type { SigningKeyTimes } from '../../platform/keys/key-ring.ts'
import type { ContentSpace } from '../../platform/files/free-space.ts'
import type { Health, HealthReport } from '../../platform/metrics/health.ts'
import type { Processes, RunningProcess } from '../../platform/jobs/processes.ts'
import type { CertificateSource } from '../../platform/tls/certificate-source.ts'
import type { Registry } from '../../registry/index.ts'
import type { SigningKeys } from './signing-keys.ts'

type StatusSources = {
  readonly version: string
  readonly startedAtMs: number
  readonly health: Health
  readonly space: Pick<ContentSpace, 'state'>
  /** The value is undefined over plain HTTP. */
  readonly certificates: CertificateSource | undefined
  readonly tokenService: SigningKeys
  readonly identity: SigningKeys
  readonly registry: Pick<Registry, 'collections'>
  readonly processes: Pick<Processes, 'id' | 'list'>
}

/** The state of a server in the form that the management API returns. */
export async function readServerStatus(sources: StatusSources) {
  const { version, startedAtMs, health, space, certificates, tokenService, identity, registry, processes } = sources
  const { status, components }: HealthReport = await health.report()
  const [acr, own] = await Promise.all([tokenService.signingKey(), identity.signingKey()])
  const { totalBytes, freeBytes, reserveBytes, isLow } = space.state()
  const { completed } = await registry.collections.status()
  return {
    version,
    startedAt: isoTime(startedAtMs),
    status,
    components: [...components],
    servers: (await processes.list()).map((each) => serverOf(each, processes.id())),
    disk: Number.isFinite(freeBytes) ? { totalBytes, freeBytes, reserveBytes, isLow } : null,
    certificate: certificates === undefined ? null : certificateOf(certificates),
    signingKeys: [keyOf('registry', acr), keyOf('identity', own)],
    lastCollectionAt: timeOrNull(completed?.completedAtMs),
  }
}

function serverOf({ id, host, version, startedAtMs, seenAtMs, runsJobs }: RunningProcess, own: string) {
  return {
    id,
    isThis: id === own,
    host: host ?? null,
    version: version ?? null,
    startedAt: timeOrNull(startedAtMs),
    lastSeenAt: timeOrNull(seenAtMs),
    runsJobs,
  }
}

function certificateOf({ expiresAtMs, authorityExpiresAtMs, caFile }: CertificateSource) {
  return {
    expiresAt: isoTime(expiresAtMs()),
    authorityExpiresAt: timeOrNull(authorityExpiresAtMs?.()),
    authorityFile: caFile ?? null,
  }
}

function keyOf<Name extends 'registry' | 'identity'>(name: Name, { createdAtMs, rotationDueMs }: SigningKeyTimes) {
  return { name, createdAt: isoTime(createdAtMs), rotationDueAt: isoTime(rotationDueMs) }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined || !Number.isFinite(ms) ? null : isoTime(ms)
}
