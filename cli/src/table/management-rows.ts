import type { CommandRow, GroupRow } from '../framework/command/row.ts'

/** The groups of the commands for the directory, roles, resource groups and managed identities. */
export const managementGroups: readonly GroupRow[] = [
  {
    path: 'ad',
    summary: 'manage applications and service principals',
    examples: ['acrux ad sp list --all -o table'],
  },
  {
    path: 'ad app',
    summary: 'manage applications',
    examples: ['acrux ad app list --all -o table'],
  },
  {
    path: 'ad app credential',
    summary: 'replace, list and delete the passwords of applications',
    examples: ['acrux ad app credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  },
  {
    path: 'ad app federated-credential',
    summary: 'trust tokens of external issuers as an application',
    examples: ['acrux ad app federated-credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  },
  {
    path: 'ad sp',
    summary: 'manage service principals',
    examples: ['acrux ad sp list --all -o table'],
  },
  {
    path: 'ad sp credential',
    summary: 'replace, list and delete the passwords of service principals',
    examples: ['acrux ad sp credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  },
  {
    path: 'group',
    summary: 'list and show resource groups',
    examples: ['acrux group list -o table'],
  },
  {
    path: 'identity',
    summary: 'manage user-assigned managed identities',
    examples: ['acrux identity list -o table'],
  },
  {
    path: 'role',
    summary: 'manage role assignments, and list roles',
    examples: ['acrux role assignment list --all -o table'],
  },
  {
    path: 'role assignment',
    summary: 'create, list, change and delete role assignments',
    examples: ['acrux role assignment list --all -o table'],
  },
  {
    path: 'role definition',
    summary: 'list roles',
    examples: ['acrux role definition list -o table'],
  },
]

/** The commands for the directory, roles, resource groups and managed identities. */
export const managementRows: readonly CommandRow[] = [
  {
    path: 'ad app create',
    summary: 'create an application',
    load: async () => ({ command: (await import('../resources/ad/app/applications.ts')).createNamedApplication }),
  },
  {
    path: 'ad app credential delete',
    summary: 'delete a password or a certificate of an application',
    load: async () => ({ command: (await import('../resources/ad/app/credential.ts')).deleteApplicationCredential }),
  },
  {
    path: 'ad app credential list',
    summary: 'list the passwords or the certificates of an application',
    load: async () => ({ command: (await import('../resources/ad/app/credential.ts')).listApplicationCredentials }),
  },
  {
    path: 'ad app credential reset',
    summary: 'replace the passwords of an application',
    load: async () => ({ command: (await import('../resources/ad/app/credential.ts')).resetApplicationCredential }),
  },
  {
    path: 'ad app delete',
    summary: 'delete an application and its service principal',
    load: async () => ({ command: (await import('../resources/ad/app/applications.ts')).deleteApplication }),
  },
  {
    path: 'ad app federated-credential create',
    summary: 'create a federated credential',
    load: async () => ({ command: (await import('../resources/ad/app/federated-credential.ts')).createFederated }),
  },
  {
    path: 'ad app federated-credential delete',
    summary: 'delete a federated credential',
    load: async () => ({ command: (await import('../resources/ad/app/federated-credential.ts')).deleteFederated }),
  },
  {
    path: 'ad app federated-credential list',
    summary: 'list the federated credentials of an application',
    load: async () => ({ command: (await import('../resources/ad/app/federated-credential.ts')).listFederated }),
  },
  {
    path: 'ad app federated-credential show',
    summary: 'show a federated credential',
    load: async () => ({ command: (await import('../resources/ad/app/federated-credential.ts')).showFederated }),
  },
  {
    path: 'ad app federated-credential update',
    summary: 'change a federated credential',
    load: async () => ({ command: (await import('../resources/ad/app/federated-credential.ts')).updateFederated }),
  },
  {
    path: 'ad app list',
    summary: 'list applications',
    load: async () => ({ command: (await import('../resources/ad/app/applications.ts')).listApplications }),
  },
  {
    path: 'ad app show',
    summary: 'show an application',
    load: async () => ({ command: (await import('../resources/ad/app/applications.ts')).showApplication }),
  },
  {
    path: 'ad app update',
    summary: 'change an application',
    load: async () => ({ command: (await import('../resources/ad/app/applications.ts')).updateApplication }),
  },
  {
    path: 'ad sp create',
    summary: 'create the service principal of an application',
    load: async () => ({ command: (await import('../resources/ad/sp/service-principals.ts')).createServicePrincipal }),
  },
  {
    path: 'ad sp create-for-rbac',
    summary: 'create an application with a password and role assignments',
    load: () => import('../resources/ad/sp/create-for-rbac.ts'),
  },
  {
    path: 'ad sp credential delete',
    summary: 'delete a password or a certificate of a service principal',
    load: async () => ({
      command: (await import('../resources/ad/sp/credential.ts')).deleteServicePrincipalCredential,
    }),
  },
  {
    path: 'ad sp credential list',
    summary: 'list the passwords or the certificates of a service principal',
    load: async () => ({ command: (await import('../resources/ad/sp/credential.ts')).listServicePrincipalCredentials }),
  },
  {
    path: 'ad sp credential reset',
    summary: 'replace the passwords of a service principal',
    load: async () => ({ command: (await import('../resources/ad/sp/credential.ts')).resetServicePrincipalCredential }),
  },
  {
    path: 'ad sp delete',
    summary: 'delete a service principal',
    load: async () => ({ command: (await import('../resources/ad/sp/service-principals.ts')).deleteServicePrincipal }),
  },
  {
    path: 'ad sp list',
    summary: 'list service principals',
    load: async () => ({ command: (await import('../resources/ad/sp/service-principals.ts')).listServicePrincipals }),
  },
  {
    path: 'ad sp show',
    summary: 'show a service principal',
    load: async () => ({ command: (await import('../resources/ad/sp/service-principals.ts')).showServicePrincipal }),
  },
  {
    path: 'group list',
    summary: 'list the resource groups',
    load: async () => ({ command: (await import('../resources/group/groups.ts')).listGroups }),
  },
  {
    path: 'group show',
    summary: 'show a resource group',
    load: async () => ({ command: (await import('../resources/group/groups.ts')).showGroup }),
  },
  {
    path: 'identity create',
    summary: 'create a managed identity',
    load: async () => ({ command: (await import('../resources/identity/identities.ts')).createIdentity }),
  },
  {
    path: 'identity delete',
    summary: 'delete a managed identity',
    load: async () => ({ command: (await import('../resources/identity/identities.ts')).deleteIdentity }),
  },
  {
    path: 'identity list',
    summary: 'list the managed identities',
    load: async () => ({ command: (await import('../resources/identity/identities.ts')).listIdentities }),
  },
  {
    path: 'identity list-operations',
    summary: 'list the operations that the provider of managed identities has',
    load: async () => ({ command: (await import('../resources/identity/identities.ts')).listOperations }),
  },
  {
    path: 'identity list-resources',
    summary: 'list the resources that a managed identity is assigned to',
    load: async () => ({ command: (await import('../resources/identity/identities.ts')).listResources }),
  },
  {
    path: 'identity show',
    summary: 'show a managed identity',
    load: async () => ({ command: (await import('../resources/identity/identities.ts')).showIdentity }),
  },
  {
    path: 'role assignment create',
    summary: 'assign a role',
    load: () => import('../resources/role/assignment/create.ts'),
  },
  {
    path: 'role assignment delete',
    summary: 'delete role assignments',
    load: () => import('../resources/role/assignment/delete.ts'),
  },
  {
    path: 'role assignment list',
    summary: 'list role assignments',
    load: () => import('../resources/role/assignment/list.ts'),
  },
  {
    path: 'role assignment list-changelogs',
    summary: 'list the changes of role assignments',
    load: () => import('../resources/role/assignment/list-changelogs.ts'),
  },
  {
    path: 'role assignment update',
    summary: 'change the condition or the description of a role assignment',
    load: () => import('../resources/role/assignment/update.ts'),
  },
  {
    path: 'role definition list',
    summary: 'list the roles',
    load: async () => ({ command: (await import('../resources/role/definition.ts')).listRoles }),
  },
]
