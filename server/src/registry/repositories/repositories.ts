import type { AuditEvent } from '../../audit/index.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import type { RegistryCall } from '../protocol/call.ts'
import { OciError, OutdatedCredentialError } from '../protocol/errors.ts'
import type { RepositoryContext } from './context.ts'
import type { RegistryCaller } from '../protocol/ports.ts'
import type { RepositoryRow } from '../rows/rows.ts'

/** A call on something in a repository. */
export type RepositoryCall = RegistryCall<{ readonly repository: RepositoryName }>

/** The target of a change in a repository, and its caller; part of a call. */
export type RepositoryTarget<Call extends RegistryCall<unknown> = RepositoryCall> = Pick<
  Call,
  'registry' | 'origin' | 'path'
> & {
  readonly caller: RegistryCaller
}

/**
 * Rejects a credential that was issued before an earlier repository of the same name was deleted.
 *
 * @throws OutdatedCredentialError
 */
export function requireCurrentCredential(
  caller: RegistryCaller,
  { predecessor_deletion }: Pick<RepositoryRow, 'predecessor_deletion'>,
): void {
  if (predecessor_deletion !== null && caller.deletionsSeen < predecessor_deletion) {
    throw new OutdatedCredentialError('the credential is older than the repository')
  }
}

/**
 * The published repository of a call.
 *
 * @throws OciError NAME_UNKNOWN
 * @throws OutdatedCredentialError
 */
export async function requireRepository(
  context: Pick<RepositoryContext, 'repositories'>,
  call: RepositoryCall,
  missing: (call: RepositoryCall) => OciError = nameUnknown,
): Promise<RepositoryRow> {
  const name = call.path.repository
  const row = await context.repositories.byName.first({ rid: call.registry.rid, name })
  return requirePublished(row, call, missing)
}

/**
 * The published repository of a call, for a row that was read in a transaction.
 *
 * @throws OciError NAME_UNKNOWN
 * @throws OutdatedCredentialError
 */
export function requirePublished(
  row: RepositoryRow | undefined,
  call: RepositoryCall,
  missing: (call: RepositoryCall) => OciError = nameUnknown,
): RepositoryRow {
  if (row === undefined) throw missing(call)
  requireCurrentCredential(call.caller, row)
  if (row.published_at_ms === null) throw missing(call)
  return row
}

/** The error for a repository that does not exist. */
export function nameUnknown({ path }: RepositoryCall): OciError {
  return new OciError('NAME_UNKNOWN', { detail: { name: path.repository } })
}

/** The audit event of a change in a repository; `below` is empty, `:tag` or `@digest`. */
export function changeEvent(
  call: RepositoryTarget,
  action: string,
  below: string,
  detail?: Readonly<Record<string, unknown>>,
): AuditEvent {
  return {
    action,
    outcome: 'success',
    actor: call.caller.actor,
    credential: call.caller.credential,
    target: `${call.registry.loginServer}/${call.path.repository}${below}`,
    ...(detail !== undefined && { detail }),
    origin: call.origin,
  }
}
