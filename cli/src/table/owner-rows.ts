import type { CommandRow, GroupRow } from '../framework/command/row.ts'

/** The groups of {@link ownerRows}. */
export const ownerGroups: readonly GroupRow[] = [
  {
    path: 'ad app owner',
    summary: 'add, remove and list the owners of applications',
    examples: ['acrux ad app owner list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  },
  {
    path: 'ad app permission',
    summary: 'add, remove, grant and list the permissions of applications',
    examples: ['acrux ad app permission list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  },
  {
    path: 'ad sp owner',
    summary: 'list the owners of service principals',
    examples: ['acrux ad sp owner list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  },
  {
    path: 'identity federated-credential',
    summary: 'trust tokens of external issuers as a managed identity',
    examples: ['acrux identity federated-credential list -g default --identity-name build'],
  },
]

/** The commands for owners, permissions, and the federated credentials of managed identities. */
export const ownerRows: readonly CommandRow[] = [
  {
    path: 'ad app owner add',
    summary: 'add an owner to an application',
    load: async () => ({ command: (await import('../resources/ad/app/owner.ts')).addOwner }),
  },
  {
    path: 'ad app owner list',
    summary: 'list the owners of an application',
    load: async () => ({ command: (await import('../resources/ad/app/owner.ts')).listOwners }),
  },
  {
    path: 'ad app owner remove',
    summary: 'remove an owner of an application',
    load: async () => ({ command: (await import('../resources/ad/app/owner.ts')).removeOwner }),
  },
  {
    path: 'ad app permission add',
    summary: 'add permissions that an application requires',
    load: async () => ({ command: (await import('../resources/ad/app/permission.ts')).addPermission }),
  },
  {
    path: 'ad app permission admin-consent',
    summary:
      'consent to the permissions of an application; only AzureCloud supports it, and acrux does not implement it',
    load: async () => ({ command: (await import('../resources/ad/app/permission-grant.ts')).consent }),
  },
  {
    path: 'ad app permission delete',
    summary: 'remove permissions that an application requires',
    load: async () => ({ command: (await import('../resources/ad/app/permission.ts')).deletePermission }),
  },
  {
    path: 'ad app permission grant',
    summary: 'grant an application permissions on an API',
    load: async () => ({ command: (await import('../resources/ad/app/permission-grant.ts')).grantPermission }),
  },
  {
    path: 'ad app permission list',
    summary: 'list the permissions that an application requires',
    load: async () => ({ command: (await import('../resources/ad/app/permission.ts')).listPermissions }),
  },
  {
    path: 'ad app permission list-grants',
    summary: 'list the permissions that applications were granted',
    load: async () => ({ command: (await import('../resources/ad/app/permission-grant.ts')).listGrants }),
  },
  {
    path: 'ad sp owner list',
    summary: 'list the owners of a service principal',
    load: async () => ({
      command: (await import('../resources/ad/sp/service-principals.ts')).listServicePrincipalOwners,
    }),
  },
  {
    path: 'ad sp update',
    summary: 'change a service principal',
    load: async () => ({ command: (await import('../resources/ad/sp/service-principals.ts')).updateServicePrincipal }),
  },
  {
    path: 'identity federated-credential create',
    summary: 'create a federated credential',
    load: async () => ({ command: (await import('../resources/identity/federated-credential.ts')).createFederated }),
  },
  {
    path: 'identity federated-credential delete',
    summary: 'delete a federated credential',
    load: async () => ({ command: (await import('../resources/identity/federated-credential.ts')).deleteFederated }),
  },
  {
    path: 'identity federated-credential list',
    summary: 'list the federated credentials of an identity',
    load: async () => ({ command: (await import('../resources/identity/federated-credential.ts')).listFederated }),
  },
  {
    path: 'identity federated-credential show',
    summary: 'show a federated credential',
    load: async () => ({ command: (await import('../resources/identity/federated-credential.ts')).showFederated }),
  },
  {
    path: 'identity federated-credential update',
    summary: 'change a federated credential',
    load: async () => ({ command: (await import('../resources/identity/federated-credential.ts')).updateFederated }),
  },
]
