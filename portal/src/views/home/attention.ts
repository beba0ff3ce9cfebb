import type { Application, ApplicationCredential } from '../../api/attention.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { AuditWebhook, CredentialUse, Quota, ServerStatus } from '../../api/types.ts'
import { formatAge } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'

const view = imagesTexts.home

/** Something that an owner should look at, and the registry that it concerns, if it is one. */
export type AttentionItem = { readonly text: string; readonly registry?: string }

const dayMs = 24 * 3600 * 1000
const soonMs = 30 * dayMs
const unusedMs = 90 * dayMs
const highPercent = 80

/** The findings from the properties of registries. */
export function ofRegistries(registries: readonly Registry[]): readonly AttentionItem[] {
  return registries.flatMap(({ name, properties }) => {
    const { adminUserEnabled, anonymousPullEnabled, publicNetworkAccess } = properties
    const reasons = [
      adminUserEnabled && texts.homeView.adminOn,
      anonymousPullEnabled && texts.homeView.anonymousOn,
      publicNetworkAccess === 'Disabled' && texts.homeView.networkOff,
    ].filter((reason) => reason !== false)
    return reasons.map((text) => ({ registry: name, text }))
  })
}

/** Secrets and certificates that expire soon or are unused. If uses cannot be read, only those that expire. */
export function ofApplications(
  applications: readonly Application[],
  uses: readonly CredentialUse[] | null,
  nowMs: number,
): readonly AttentionItem[] {
  const used = uses && new Map(uses.map(({ credentialId, lastUsedAt }) => [credentialId, Date.parse(lastUsedAt)]))
  return applications.flatMap(({ displayName, passwordCredentials, keyCredentials }) => [
    ...passwordCredentials.flatMap((each) => ofCredential(displayName, view.secret, each, { used, nowMs })),
    ...keyCredentials.flatMap((each) => ofCredential(displayName, view.certificate, each, { used, nowMs })),
  ])
}

function ofCredential(
  name: string,
  kind: string,
  { keyId, startDateTime, endDateTime }: ApplicationCredential,
  { used, nowMs }: { readonly used: ReadonlyMap<string, number> | null; readonly nowMs: number },
): readonly AttentionItem[] {
  const endMs = Date.parse(endDateTime)
  const age = formatAge(endDateTime, nowMs)
  if (endMs <= nowMs) return [{ text: view.expired(name, kind, age) }]
  if (endMs <= nowMs + soonMs) return [{ text: view.expires(name, kind, age) }]
  const lastMs = Math.max(Date.parse(startDateTime), used?.get(keyId) ?? 0)
  return used !== null && lastMs < nowMs - unusedMs ? [{ text: view.unused(name, kind) }] : []
}

/**
 * How long before its end the certificate of the server needs attention. The certificate is renewed before that,
 * unless something fails.
 */
const certificateMs = 14 * dayMs

/** Components that are degraded or unavailable, and a certificate that was not renewed. */
export function ofServer({ components, certificate }: ServerStatus, nowMs: number): readonly AttentionItem[] {
  const isEnding = certificate !== null && Date.parse(certificate.expiresAt) < nowMs + certificateMs
  return [
    ...components
      .filter(({ state }) => state !== 'ok')
      .map(({ name, message }) => ({ text: view.component(name, message) })),
    ...(isEnding ? [{ text: view.serverCertificate(formatAge(certificate.expiresAt, nowMs)) }] : []),
  ]
}

/** Webhooks whose last delivery failed. */
export function ofWebhooks(webhooks: readonly AuditWebhook[]): readonly AttentionItem[] {
  return webhooks
    .filter(({ properties: { status, failures } }) => status === 'enabled' && failures > 0)
    .map(({ name, properties: { failures, lastError } }) => ({ text: view.webhook(name, failures, lastError ?? '') }))
}

/** Quotas that are almost used up. */
export function ofQuotas(registry: string, quotas: readonly Quota[]): readonly AttentionItem[] {
  return quotas.flatMap(({ properties: { repository, limitBytes, usedBytes } }) => {
    const percent = limitBytes === 0 ? 100 : Math.floor((100 * usedBytes) / limitBytes)
    const place = repository ?? words.wholeRegistry
    return percent < highPercent ? [] : [{ registry, text: view.quota(place, percent) }]
  })
}
