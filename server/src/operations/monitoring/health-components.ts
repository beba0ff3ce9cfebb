import { opendir } from 'node:fs/promises'
import type { AuditLag } from '../../audit/index.ts'
import { type Clock, machineClockOf, maxClockDifferenceMs } from '../../platform/process/clock.ts'
import { blobDirectoryIn, type DataDir } from '../../platform/files/data-dir.ts'
import type { ContentSpace } from '../../platform/files/free-space.ts'
import type { AcmeCertificates } from '../../platform/acme/acme-certificates.ts'
import type { HealthComponent, HealthReading } from '../../platform/metrics/health.ts'
import { outageOf } from '../../platform/process/outage.ts'
import type { Database } from '../../platform/sql/database.ts'
import { type ClockWatch, notableClockDifferenceMs } from './clock-watch.ts'
import type { WriterWatch } from '../../platform/sql/writer-watch.ts'
import { successionDays } from '../../platform/tls/certificate-authority.ts'
import type { CertificateSource } from '../../platform/tls/certificate-source.ts'
import type { Registry } from '../../registry/index.ts'
import type { SigningKeys } from './signing-keys.ts'

/** A store of blobs that can check whether it belongs to this server. */
type SelfChecking = { requireSelf(): Promise<unknown> }

type HealthSources = {
  readonly database: Database
  readonly writerWatch: WriterWatch
  readonly clockWatch: Pick<ClockWatch, 'aheadMs'>
  readonly resources: { listSubscriptions(): Promise<unknown> }
  readonly auditLag: AuditLag
  readonly certificates: CertificateSource | undefined
  /** The value is undefined without an ACME provider. */
  readonly acme: Pick<AcmeCertificates, 'state'> | undefined
  readonly clock: Clock
  readonly tokenService: SigningKeys
  readonly identity: SigningKeys
  readonly dataDir: Pick<DataDir, 'path'>
  readonly blobs: SelfChecking
  /** The value is undefined if blobs are files. */
  readonly objects: object | undefined
  readonly isDraining: () => boolean
  readonly space: ContentSpace
  readonly registry: Pick<Registry, 'scrubs'>
}

const dayMs = 24 * 60 * 60 * 1000

/** The time without a commit after which the writer counts as stuck. A transaction waits 10 seconds for a lock of another process. */
const stuckMs = 30_000

/** The table of all components that `/readyz` reports. Each part of the server that has its own state needs a row. */
export function healthComponents(sources: HealthSources): readonly HealthComponent[] {
  const { database, writerWatch, resources, tokenService, identity, isDraining } = sources
  return [
    {
      name: 'server',
      required: true,
      check: async () =>
        isDraining() ? unavailable('The server is shutting down.') : ok('The server accepts requests.'),
    },
    {
      name: 'database-writer',
      required: true,
      check: async () => {
        if (!database.canWrite()) return unavailable('The database writer has ended. Restart the server.')
        return writerWatch.stuckMs() < stuckMs
          ? ok('Transactions are committed.')
          : unavailable('No transaction has been committed for 30 seconds.')
      },
    },
    {
      name: 'database',
      required: true,
      check: async () => {
        await resources.listSubscriptions()
        return ok('The database can be read.')
      },
    },
    ...(database.kind === 'postgres' ? [clockComponent(sources.clockWatch)] : []),
    sources.objects === undefined ? filesComponent(sources) : objectsComponent(sources),
    {
      name: 'signing-keys',
      required: true,
      check: async () => {
        const signing = Promise.all([tokenService.signingKey(), identity.signingKey()])
        // The server creates the first key when a request needs it. Without this exception, a load balancer would remove a server whose
        // disk is full.
        const keys = await signing.catch((error: unknown) => {
          if (outageOf(error)?.kind === 'disk-full') return undefined
          throw error
        })
        if (keys === undefined) return degraded('The disk is full: a signing key cannot be stored.')
        const isOverdue = keys.some(({ rotationDueMs }) => sources.clock.now() > rotationDueMs + dayMs)
        return isOverdue
          ? degraded('The rotation of a signing key is more than a day late.')
          : ok('Tokens can be signed.')
      },
    },
    ...delayedComponents(sources),
    ...(sources.acme === undefined ? [] : [acmeComponent(sources.acme)]),
    contentComponent(sources),
  ]
}

/**
 * This component is required. A server whose clock is behind accepts expired credentials. If the clock is ahead, other servers reject the
 * tokens of this server.
 */
function clockComponent({ aheadMs }: Pick<ClockWatch, 'aheadMs'>): HealthComponent {
  return {
    name: 'clock',
    required: true,
    check: async () => {
      const differenceMs = aheadMs() ?? 0
      const size = Math.abs(differenceMs)
      if (size <= notableClockDifferenceMs) return ok('The clock agrees with the clock of PostgreSQL.')
      const text = `The clock is ${Math.round(size / 1000)} seconds ${differenceMs > 0 ? 'ahead of' : 'behind'} the clock of PostgreSQL.`
      return size > maxClockDifferenceMs ? unavailable(text) : degraded(text)
    },
  }
}

function filesComponent({ dataDir, blobs }: HealthSources): HealthComponent {
  return {
    name: 'blob-store',
    required: true,
    check: async () => {
      await using directory = await opendir(blobDirectoryIn(dataDir.path))
      await directory.read()
      return (await isItself(blobs))
        ? ok('The blob store can be read.')
        : unavailable('The directory of the blobs does not contain the marker file of this server. Mount the blobs.')
    },
  }
}

/** Whether the store contains the marker of this server. If another store is mounted in its place, the marker is missing. */
async function isItself(blobs: SelfChecking): Promise<boolean> {
  try {
    await blobs.requireSelf()
    return true
  } catch (error) {
    if (outageOf(error) === undefined) throw error
    return false
  }
}

/** This component is not required: without the object store, every replica can still issue tokens and read manifests. */
function objectsComponent({ blobs }: HealthSources): HealthComponent {
  return {
    name: 'blob-store',
    required: false,
    check: async () =>
      (await isItself(blobs))
        ? ok('The object store responds.')
        : degraded(
            'The object store cannot be reached, or does not contain the marker object of this server. Blobs are not served.',
          ),
  }
}

function acmeComponent(acme: Pick<AcmeCertificates, 'state'>): HealthComponent {
  return {
    name: 'acme',
    required: false,
    check: async () => {
      const { missing, nearEnd } = acme.state()
      if (nearEnd > 0) return degraded(`Certificates that expire soon and could not be renewed: ${nearEnd}.`)
      return missing > 0
        ? degraded(`Hosts for which the ACME provider has not issued a certificate: ${missing}.`)
        : ok('The ACME provider has issued all certificates.')
    },
  }
}

function contentComponent({ registry }: HealthSources): HealthComponent {
  return {
    name: 'stored-content',
    required: false,
    check: async () => {
      const count = await registry.scrubs.countQuarantined()
      if (count > 0) return degraded(`Corrupt blobs and manifests: ${count}. Push their images again.`)
      return (await registry.scrubs.figures()).isOverdue
        ? degraded('The last background scrub was completed too long ago.')
        : ok('No corrupt content was found.')
    },
  }
}

/** The delays after which an operator must look at these components. */
const maxChainLagSeconds = 60
const maxWebhookLagSeconds = 15 * 60
const minCertificateDays = 14

function delayedComponents({ auditLag, certificates, clock, space }: HealthSources): readonly HealthComponent[] {
  return [
    {
      name: 'audit-chain',
      required: false,
      check: async () =>
        (await auditLag.chainSeconds()) <= maxChainLagSeconds
          ? ok('The audit hash chain is up to date.')
          : degraded('Audit events have waited for the hash chain for more than a minute.'),
    },
    {
      name: 'audit-webhooks',
      required: false,
      check: async () =>
        (await auditLag.webhookSeconds()) <= maxWebhookLagSeconds
          ? ok('Audit events are delivered.')
          : degraded('Audit events have waited for a webhook for more than 15 minutes.'),
    },
    {
      name: 'certificate',
      required: false,
      check: async () => {
        const nowMs = machineClockOf(clock).now()
        const leftMs = certificates === undefined ? Infinity : certificates.expiresAtMs() - nowMs
        if (leftMs <= 0) return degraded('The TLS certificate has expired.')
        if (leftMs < minCertificateDays * dayMs) return degraded('The TLS certificate expires within 14 days.')
        const authorityLeftMs = (certificates?.authorityExpiresAtMs?.() ?? Infinity) - nowMs
        return authorityLeftMs >= successionDays * dayMs
          ? ok('The TLS certificate is valid.')
          : degraded('The certificate authority expires within 60 days. Restart once with --renew-ca.')
      },
    },
    {
      name: 'disk-space',
      required: false,
      check: async () =>
        space.state().isLow
          ? degraded('The disk has less free space than the reserve. Uploads are denied.')
          : ok('The disk has space for content.'),
    },
  ]
}

function ok(message: string): HealthReading {
  return { state: 'ok', message }
}

function degraded(message: string): HealthReading {
  return { state: 'degraded', message }
}

function unavailable(message: string): HealthReading {
  return { state: 'unavailable', message }
}
