import type { NamedServicePrincipalRow } from './principal-store.ts'
import type { GroupRow, UserRow } from './rows.ts'
import type { DirectoryPrincipal, ServicePrincipal, SigningPrincipal, User } from './model.ts'

export function toServicePrincipal(
  row: Pick<NamedServicePrincipalRow, 'object_id' | 'app_id' | 'display_name' | 'enabled'>,
): ServicePrincipal {
  return { objectId: row.object_id, appId: row.app_id, displayName: row.display_name, enabled: row.enabled === 1 }
}

export function toUser(row: UserRow): User {
  return {
    objectId: row.object_id,
    userPrincipalName: row.user_principal_name,
    displayName: row.display_name,
    enabled: row.enabled === 1,
    mail: row.mail ?? undefined,
    external: row.external === 1,
    mustChangePassword: row.must_change_password === 1,
    authenticationRevision: row.proof_revision,
  }
}

export function servicePrincipalAsPrincipal(row: NamedServicePrincipalRow): SigningPrincipal {
  return { kind: 'service-principal', ...toServicePrincipal(row) }
}

export function userAsPrincipal(row: UserRow): SigningPrincipal {
  return { kind: 'user', ...toUser(row) }
}

export function groupAsPrincipal(row: GroupRow): DirectoryPrincipal {
  const { object_id: objectId, display_name: displayName, description } = row
  return { kind: 'group', objectId, displayName, description: description ?? undefined }
}
