import { X509Certificate } from 'node:crypto'
import type { AcmeCertificates, AcmeHost } from '../../platform/acme/acme-certificates.ts'
import { renewalDueMs } from '../../platform/acme/schedule.ts'
import { certificateCovers } from '../../platform/tls/certificate-hosts.ts'
import type { CertificateSource } from '../../platform/tls/certificate-source.ts'

type CertificateSources = {
  /** The value is undefined over plain HTTP. */
  readonly certificates: Pick<CertificateSource, 'current' | 'caFile'> | undefined
  /** The value is undefined without an ACME provider. */
  readonly acme: Pick<AcmeCertificates, 'hosts'> | undefined
  /** The public host and the login servers of the registries, without port numbers. */
  readonly hosts: readonly string[]
}

/** The certificate that clients receive at each host. */
export async function readHostCertificates(sources: CertificateSources) {
  const { certificates, acme, hosts } = sources
  if (certificates === undefined) return []
  const own = new X509Certificate(certificates.current().cert)
  const source = certificates.caFile === undefined ? 'configured' : 'own'
  const ordered = new Map((await acme?.hosts())?.map((each) => [each.host, each]))
  return hosts.map((host) => {
    const found = ordered.get(host)
    return {
      host,
      ...(found?.leaf === undefined ? factsOf(own, source, host) : factsOf(found.leaf, 'acme', host)),
      acme: found === undefined ? null : orderOf(found),
    }
  })
}

function factsOf(certificate: X509Certificate, source: 'own' | 'configured' | 'acme', host: string) {
  return {
    source,
    issuer: certificate.issuer.split('\n').join(', '),
    validFrom: certificate.validFromDate.toISOString(),
    expiresAt: certificate.validToDate.toISOString(),
    coversHost: certificateCovers(certificate, host),
  }
}

function orderOf({ leaf, failure }: AcmeHost) {
  const state: 'failed' | 'waiting' | 'issued' =
    failure !== undefined ? 'failed' : leaf === undefined ? 'waiting' : 'issued'
  return {
    state,
    renewalDueAt: leaf === undefined ? null : isoTime(renewalDueMs(leaf)),
    failures: failure?.count ?? 0,
    lastError: failure?.reason ?? null,
    failedAt: failure === undefined ? null : isoTime(failure.failedAtMs),
    nextAttemptAt: failure === undefined ? null : isoTime(failure.retryAtMs),
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
