export {
  type AuditActor,
  type AuditCredential,
  type AuditEvent,
  type RecurringEvent,
  type Audit,
  type AuditLog,
  createAuditLog,
} from './model.ts'
export { type AuditFile, openAuditFile, verifyAuditFile } from './audit-file.ts'
export { createAudit } from './audit.ts'
export { hasChain, headMigrationId } from './chain-store.ts'
export { createAuditChain } from './chain.ts'
export { formatCheckpoint, parseCheckpoint } from './checkpoint.ts'
export type { CredentialUsePlace, CredentialUseRow } from './credential-use-store.ts'
export { type CredentialUses, createCredentialUses } from './credential-uses.ts'
export { createDelivery } from './deliver.ts'
export { type AuditEventDocument, auditEventDocument } from './event-document.ts'
export { expireEvents } from './expire.ts'
export { sealFirstHead } from './first-head.ts'
export { type AuditLag, createAuditLag } from './lag.ts'
export { auditMigrations } from './migrations.ts'
export type { EventFilter } from './query-store.ts'
export { type EventAuthor, attributionOf, recordChange, recordDenial } from './request-events.ts'
export { type EventCount, EventTally, tallyEvents } from './tally.ts'
export { type ChainFault, verifyChain } from './verify-chain.ts'
export { TooManyWebhooksError, type Webhook, type Webhooks, createWebhooks, mostWebhooks } from './webhooks.ts'
