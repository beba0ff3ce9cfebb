import { readAll } from './arm-list.ts'
import type { Permission } from './types.ts'

const authorizationVersion = '2022-04-01'

/** What the signed-in person may do at a scope. */
export function listPermissions(scope: string, signal: AbortSignal): Promise<readonly Permission[]> {
  const path = `arm${encodeURI(scope)}/providers/Microsoft.Authorization/permissions`
  return readAll(`${path}?api-version=${authorizationVersion}`, signal)
}
