import type { GroupRow } from '../framework/command/row.ts'

/** The words that several commands begin with, in the order of the help. */
export const groups: readonly GroupRow[] = [
  {
    path: 'account',
    summary: 'show and select signed-in accounts, and get access tokens',
    examples: ['acrux account show', 'acrux account list -o table'],
    az: {
      lacks: {
        'account lock': 'an Acrux server does not support resource locks',
        'account management-group': 'an Acrux server does not support management groups',
      },
    },
  },
  {
    path: 'acr',
    summary: 'sign clients in to registries, grant, check and list permissions, and explain denials',
    examples: [
      'acrux acr login -n contoso',
      'acrux acr why --last -n contoso',
      'acrux acr grant ada@example.com push team/app -n contoso',
      'acrux acr can ada@example.com push team/app -n contoso',
      'acrux acr who delete team/app -n contoso',
    ],
  },
  {
    path: 'acr manifest',
    summary: 'list, show, lock and delete manifests',
    examples: ['acrux acr manifest list-metadata -r contoso -n team/app'],
    az: 'same',
  },
  {
    path: 'acr manifest metadata',
    summary: 'list, show and lock manifests; deprecated: use acr manifest',
    examples: ['acrux acr manifest metadata list -r contoso -n team/app'],
  },
  {
    path: 'acr repository',
    summary: 'list, show, lock and delete repositories and images',
    examples: [
      'acrux acr repository list -n contoso',
      'acrux acr repository show-tags -n contoso --repository team/app',
    ],
    az: 'same',
  },
  {
    path: 'acr tag',
    summary: 'list the changes of a tag, and revert a tag',
    examples: [
      'acrux acr tag history -r contoso -n team/app:1 -o table',
      'acrux acr tag revert -r contoso -n team/app:1',
    ],
  },
  {
    path: 'acr config',
    summary: 'show and change settings of a registry',
    examples: ['acrux acr config authentication-as-arm show -r contoso'],
  },
  {
    path: 'acr config authentication-as-arm',
    summary: 'show and set whether a registry accepts tokens for Azure Resource Manager',
    examples: ['acrux acr config authentication-as-arm update -r contoso --status disabled'],
    az: 'same',
  },
  {
    path: 'acr credential',
    summary: 'show and replace the passwords of the admin account',
    examples: ['acrux acr credential show -n contoso'],
    az: 'same',
  },
  {
    path: 'acr scope-map',
    summary: 'create, list, change and delete scope maps',
    examples: ['acrux acr scope-map list -r contoso'],
    az: 'same',
  },
  {
    path: 'acr token',
    summary: 'create, list, change and delete scoped tokens',
    examples: ['acrux acr token list -r contoso'],
    az: 'same',
  },
  {
    path: 'acr token credential',
    summary: 'replace and delete the passwords of scoped tokens',
    examples: ['acrux acr token credential generate -r contoso -n device --password1'],
  },
  {
    path: 'ad',
    summary: 'manage applications and service principals',
    examples: ['acrux ad sp list --all -o table'],
  },
  {
    path: 'ad app',
    summary: 'manage applications',
    examples: ['acrux ad app list --all -o table'],
    az: 'same',
  },
  {
    path: 'ad app credential',
    summary: 'replace, list and delete the passwords of applications',
    examples: ['acrux ad app credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  },
  {
    path: 'ad app federated-credential',
    summary: 'manage the federated credentials of applications',
    examples: ['acrux ad app federated-credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  },
  {
    path: 'ad sp',
    summary: 'manage service principals',
    examples: ['acrux ad sp list --all -o table'],
    az: 'same',
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
    az: 'same',
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
    az: 'same',
  },
  {
    path: 'role definition',
    summary: 'list roles',
    examples: ['acrux role definition list -o table'],
  },
  {
    path: 'acr imports',
    summary: 'list and cancel image imports',
    examples: ['acrux acr imports list -r contoso -o table', 'acrux acr imports cancel -r contoso --all'],
  },
  {
    path: 'acr uploads',
    summary: 'list and cancel unfinished uploads',
    examples: ['acrux acr uploads list -r contoso -o table', 'acrux acr uploads cancel -r contoso --idle 2h'],
  },
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
    summary: 'manage the federated credentials of managed identities',
    examples: ['acrux identity federated-credential list -g default --identity-name build'],
  },
  {
    path: 'audit',
    summary: 'read the audit log, and verify the integrity of the log',
    about: `
The commands read the data directory, even while the server is running. With --server or -n, the list command reads the
log of a running server, with the signed-in account.`,
    examples: [
      'acrux audit verify --data-dir /var/lib/acrux',
      'acrux audit list --data-dir /var/lib/acrux --outcome refused',
      'acrux audit export --data-dir /var/lib/acrux > events.jsonl',
    ],
  },
  {
    path: 'backup',
    summary: 'create, verify and restore backups of a server',
    examples: [
      'acrux backup create /backup/acrux --data-dir /var/lib/acrux',
      'acrux backup list /backup/acrux',
      'acrux backup verify /backup/acrux',
      'acrux backup restore /backup/acrux --data-dir /var/lib/acrux-new --dry-run',
    ],
  },
  {
    path: 'cloud',
    summary: 'register and select Acrux servers, or select AzureCloud',
    examples: ['acrux cloud list -o table', 'acrux cloud set -n AzureCloud'],
    az: 'same',
  },
  {
    path: 'identity-endpoint',
    summary: 'provide a managed identity to programs on this machine',
    about: 'The identity works with az login --identity, acrux login --identity and ManagedIdentityCredential.',
    examples: [
      'acrux identity-endpoint enroll --server https://registry.example.com --code 7K3M-9QRT-2VWX-8HJN-5PBD',
      'acrux identity-endpoint serve',
      'AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:40342 az login --identity',
    ],
  },
  {
    path: 'master-key',
    summary: 'replace the key that encrypts the secrets in the database',
    about: `
Run these commands on the machine of a server, as the user that runs the server. The server may be running.`,
    examples: ['acrux master-key rotate', 'acrux master-key rotate --to exec:/usr/local/bin/acrux-kms'],
  },
  {
    path: 'owner',
    summary: 'show the first credentials, and restore the access of an owner',
    about: `
Run these commands on the machine of the server, as the user that runs the server. The server may be running.`,
    examples: ['acrux owner first-run', 'acrux owner reset --data-dir /var/lib/acrux'],
  },
]
