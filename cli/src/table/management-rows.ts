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
    load: () => import('../resources/ad/app/create.ts'),
  },
  {
    path: 'ad app credential delete',
    summary: 'delete a password or a certificate of an application',
    load: () => import('../resources/ad/app/delete-credential.ts'),
  },
  {
    path: 'ad app credential list',
    summary: 'list the passwords or the certificates of an application',
    load: () => import('../resources/ad/app/list-credentials.ts'),
  },
  {
    path: 'ad app credential reset',
    summary: 'replace the passwords of an application',
    load: () => import('../resources/ad/app/reset-credential.ts'),
  },
  {
    path: 'ad app delete',
    summary: 'delete an application and its service principal',
    load: () => import('../resources/ad/app/delete.ts'),
  },
  {
    path: 'ad app federated-credential create',
    summary: 'create a federated credential',
    load: () => import('../resources/ad/app/create-federated.ts'),
  },
  {
    path: 'ad app federated-credential delete',
    summary: 'delete a federated credential',
    load: () => import('../resources/ad/app/delete-federated.ts'),
  },
  {
    path: 'ad app federated-credential list',
    summary: 'list the federated credentials of an application',
    load: () => import('../resources/ad/app/list-federated.ts'),
  },
  {
    path: 'ad app federated-credential show',
    summary: 'show a federated credential',
    load: () => import('../resources/ad/app/show-federated.ts'),
  },
  {
    path: 'ad app federated-credential update',
    summary: 'change a federated credential',
    load: () => import('../resources/ad/app/update-federated.ts'),
  },
  {
    path: 'ad app list',
    summary: 'list applications',
    load: () => import('../resources/ad/app/list.ts'),
  },
  {
    path: 'ad app show',
    summary: 'show an application',
    load: () => import('../resources/ad/app/show.ts'),
  },
  {
    path: 'ad app update',
    summary: 'change an application',
    load: () => import('../resources/ad/app/update.ts'),
  },
  {
    path: 'ad sp create',
    summary: 'create the service principal of an application',
    load: () => import('../resources/ad/sp/create.ts'),
  },
  {
    path: 'ad sp create-for-rbac',
    summary: 'create an application with a password and role assignments',
    load: () => import('../resources/ad/sp/create-for-rbac.ts'),
  },
  {
    path: 'ad sp credential delete',
    summary: 'delete a password or a certificate of a service principal',
    load: () => import('../resources/ad/sp/delete-credential.ts'),
  },
  {
    path: 'ad sp credential list',
    summary: 'list the passwords or the certificates of a service principal',
    load: () => import('../resources/ad/sp/list-credentials.ts'),
  },
  {
    path: 'ad sp credential reset',
    summary: 'replace the passwords of a service principal',
    load: () => import('../resources/ad/sp/reset-credential.ts'),
  },
  {
    path: 'ad sp delete',
    summary: 'delete a service principal',
    load: () => import('../resources/ad/sp/delete.ts'),
  },
  {
    path: 'ad sp list',
    summary: 'list service principals',
    load: () => import('../resources/ad/sp/list.ts'),
  },
  {
    path: 'ad sp show',
    summary: 'show a service principal',
    load: () => import('../resources/ad/sp/show.ts'),
  },
  {
    path: 'group list',
    summary: 'list the resource groups',
    load: () => import('../resources/group/list.ts'),
  },
  {
    path: 'group show',
    summary: 'show a resource group',
    load: () => import('../resources/group/show.ts'),
  },
  {
    path: 'identity create',
    summary: 'create a managed identity',
    load: () => import('../resources/identity/create.ts'),
  },
  {
    path: 'identity delete',
    summary: 'delete a managed identity',
    load: () => import('../resources/identity/delete.ts'),
  },
  {
    path: 'identity list',
    summary: 'list the managed identities',
    load: () => import('../resources/identity/list.ts'),
  },
  {
    path: 'identity list-operations',
    summary: 'list the operations that the provider of managed identities has',
    load: () => import('../resources/identity/list-operations.ts'),
  },
  {
    path: 'identity list-resources',
    summary: 'list the resources that a managed identity is assigned to',
    load: () => import('../resources/identity/list-resources.ts'),
  },
  {
    path: 'identity show',
    summary: 'show a managed identity',
    load: () => import('../resources/identity/show.ts'),
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
    load: () => import('../resources/role/definition/list.ts'),
  },
]
