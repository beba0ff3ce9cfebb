import {
  type FederatedTrust,
  formatClaimsExpression,
  parseClaimsExpression,
  trustKey,
  trustText,
} from '@acrux/shared/standards/oauth/federated-trust.ts'
import type { FederatedCredentialRow } from '../records/rows.ts'

/** The trust that a row contains. */
export function trustOf(row: FederatedCredentialRow): FederatedTrust {
  if (row.subject !== null) return { kind: 'subject', subject: row.subject }
  const equalities = parseClaimsExpression(row.claims_expression ?? '')
  if (equalities === undefined) throw new Error(`the federated credential ${row.id} has invalid trust columns`)
  return { kind: 'claims', equalities }
}

/** The columns that store a trust. */
export function trustColumns(trust: FederatedTrust) {
  return {
    subject: trust.kind === 'subject' ? trust.subject : null,
    claims_expression: trust.kind === 'claims' ? formatClaimsExpression(trust.equalities) : null,
    trust_key: trustKey(trust),
    trust_text: trustText(trust),
  }
}
