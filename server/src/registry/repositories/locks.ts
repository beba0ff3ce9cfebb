import type { JsonObject, JsonValue } from '@acrux/shared/standards/http/bounded-json.ts'
import { ownValue } from '@acrux/shared/standards/http/bounded-json.ts'
import { OciError } from '../protocol/errors.ts'
import type { LockColumns } from '../rows/rows.ts'
import type { HostedRegistry } from '../protocol/ports.ts'

/** The locks of a repository, manifest or tag, as they are named in JSON. [ACR REST data plane] */
export type ChangeableAttributes = {
  readonly deleteEnabled: boolean
  readonly writeEnabled: boolean
  readonly readEnabled: boolean
  readonly listEnabled: boolean
}

/** New content has no locks. */
export const noLocks: LockColumns = { delete_enabled: 1, write_enabled: 1, list_enabled: 1, read_enabled: 1 }

/** @throws OciError REGISTRY_DISALLOWED_OPERATION unless all of them may be read */
export function requireReadable(...locked: readonly Pick<LockColumns, 'read_enabled'>[]): void {
  for (const { read_enabled } of locked) if (read_enabled === 0) throw disallowed(lockedBy('readEnabled'))
}

/** @throws OciError REGISTRY_DISALLOWED_OPERATION unless all of them may be changed */
export function requireWritable(...locked: readonly Pick<LockColumns, 'write_enabled'>[]): void {
  for (const { write_enabled } of locked) if (write_enabled === 0) throw disallowed(lockedBy('writeEnabled'))
}

/** What can be locked. */
type Lockable = 'repository' | 'manifest' | 'tag'

/**
 * Content that is locked against writing cannot be deleted either, whatever its `deleteEnabled`. [ACR, Lock a container
 * image]
 *
 * @throws OciError REGISTRY_DISALLOWED_OPERATION unless it may be deleted
 */
export function requireDeletable(
  what: Lockable,
  { delete_enabled, write_enabled }: Pick<LockColumns, 'delete_enabled' | 'write_enabled'>,
): void {
  if (delete_enabled === 0) throw disallowed(lockedBy('deleteEnabled', what))
  if (write_enabled === 0) throw disallowed(lockedBy('writeEnabled', what))
}

/**
 * With `deleteEnabled: false`, a repository protects its images, too. With `compatibility: acr`, only `writeEnabled: false` does:
 * images of a repository that cannot be deleted can be deleted. [ACR, Lock a container image]
 *
 * @throws OciError REGISTRY_DISALLOWED_OPERATION unless content of the repository may be deleted
 */
export function requireContentDeletable(
  { compatibility }: Pick<HostedRegistry, 'compatibility'>,
  { delete_enabled, write_enabled }: Pick<LockColumns, 'delete_enabled' | 'write_enabled'>,
): void {
  requireDeletable('repository', {
    delete_enabled: compatibility === 'acr' ? 1 : delete_enabled,
    write_enabled,
  })
}

/** The locks as they are sent. */
export function changeableAttributes(row: LockColumns): ChangeableAttributes {
  return {
    deleteEnabled: row.delete_enabled !== 0,
    writeEnabled: row.write_enabled !== 0,
    readEnabled: row.read_enabled !== 0,
    listEnabled: row.list_enabled !== 0,
  }
}

const columnByAttribute = {
  deleteEnabled: 'delete_enabled',
  writeEnabled: 'write_enabled',
  readEnabled: 'read_enabled',
  listEnabled: 'list_enabled',
} as const

/**
 * Reads the locks in the body of a PATCH. Other members, and null, are ignored.
 *
 * @throws OciError BAD_REQUEST for a lock that is not a boolean
 */
export function requireLockChange(body: JsonObject): Partial<LockColumns> {
  const change: Partial<Record<keyof LockColumns, number>> = {}
  for (const [attribute, column] of Object.entries(columnByAttribute)) {
    const value: JsonValue | undefined = ownValue(body, attribute)
    if (value === undefined || value === null) continue
    if (typeof value !== 'boolean') {
      throw new OciError('BAD_REQUEST', { message: `${attribute} must be true or false` })
    }
    change[column] = value ? 1 : 0
  }
  return change
}

/** The error for an operation that a lock forbids. */
export function disallowed(reason: string): OciError {
  return new OciError('REGISTRY_DISALLOWED_OPERATION', { reason, detail: {} })
}

function lockedBy(attribute: keyof ChangeableAttributes, what = 'repository, manifest or tag'): string {
  return `the ${what} is locked: ${attribute} is false`
}
