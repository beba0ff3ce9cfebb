import { kubernetesRows } from './kubernetes-rows.ts'
import { permissionRows } from './permission-rows.ts'
import { acrGroups, acrRows } from './acr-rows.ts'
import type { Command as Parser } from 'commander'
import type { CommandRow, GroupRow } from '../framework/command/row.ts'
import { createProgram } from '../framework/parser/program.ts'
import { managementGroups, managementRows } from './management-rows.ts'
import { upkeepGroups, upkeepRows } from './upkeep-rows.ts'
import { ownerGroups, ownerRows } from './owner-rows.ts'

/** The groups of commands. */
const groups: readonly GroupRow[] = [
  {
    path: 'account',
    summary: 'show the signed-in accounts, select one, and get access tokens',
    examples: ['acrux account show', 'acrux account list -o table'],
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
  ...acrGroups,
  ...managementGroups,
  ...upkeepGroups,
  ...ownerGroups,
  {
    path: 'audit',
    summary: 'read the audit log and verify its integrity',
    about: `
These commands read the data directory, also while the server is running. With --server or -n, list asks a running
server, as the account that is signed in.`,
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
    summary: 'register Acrux servers, and select one or AzureCloud',
    examples: ['acrux cloud list -o table', 'acrux cloud set -n AzureCloud'],
  },
  {
    path: 'identity-endpoint',
    summary: 'provide a managed identity to programs on this machine',
    about: 'It serves az login --identity, acrux login --identity and ManagedIdentityCredential.',
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
Run these commands on a server's machine, as the user that the server runs as, also while the server is running.`,
    examples: ['acrux master-key rotate', 'acrux master-key rotate --to exec:/usr/local/bin/acrux-kms'],
  },
  {
    path: 'owner',
    summary: 'show the first credentials, and restore the access of an owner',
    about: `
Run these commands on the server's machine, as the user that the server runs as, also while the server is running.`,
    examples: ['acrux owner first-run', 'acrux owner reset --data-dir /var/lib/acrux'],
  },
]

/** Every command. The parser, the help, the completion and docs/reference/cli.md are generated from it. */
export const commandTable: readonly CommandRow[] = [
  {
    path: 'login',
    summary: 'sign in to an Acrux server or to Azure',
    load: () => import('../resources/login/command.ts'),
  },
  {
    path: 'logout',
    summary: 'sign out, and delete the stored credentials',
    load: async () => ({ command: (await import('../resources/login/logout.ts')).logout }),
  },
  {
    path: 'completion',
    summary: 'print the completion script of a shell',
    load: async () => {
      const { completionCommand } = await import('../resources/completion/command.ts')
      return { command: completionCommand(() => loadProgram(() => true)) }
    },
  },
  {
    path: 'doctor',
    summary: 'check the connection to a server, the sign-in, permissions and clients',
    load: () => import('../resources/doctor/command.ts'),
  },
  {
    path: 'env',
    summary: 'print the variables that make az, docker, podman or an SDK use a server',
    load: () => import('../resources/env/command.ts'),
  },
  {
    path: 'health',
    summary: 'check whether a server is ready',
    load: () => import('../resources/health/command.ts'),
  },
  {
    path: 'version',
    summary: 'print the versions of acrux and Node',
    load: () => import('../resources/version/command.ts'),
  },
  {
    path: 'account clear',
    summary: 'sign all accounts out',
    load: async () => ({ command: (await import('../resources/login/logout.ts')).clear }),
  },
  {
    path: 'account get-access-token',
    summary: 'print an access token',
    load: () => import('../resources/account/get-access-token.ts'),
  },
  {
    path: 'account list',
    summary: 'list the signed-in subscriptions',
    load: async () => ({ command: (await import('../resources/account/subscriptions.ts')).listSubscriptions }),
  },
  {
    path: 'account list-locations',
    summary: 'list the locations of the active subscription',
    load: async () => ({ command: (await import('../resources/account/subscriptions.ts')).listLocations }),
  },
  {
    path: 'account set',
    summary: 'select the active subscription',
    load: async () => ({ command: (await import('../resources/account/subscriptions.ts')).setSubscription }),
  },
  {
    path: 'account show',
    summary: 'show the active subscription',
    load: async () => ({ command: (await import('../resources/account/subscriptions.ts')).showSubscription }),
  },
  ...acrRows,
  ...permissionRows,
  ...kubernetesRows,
  ...managementRows,
  ...upkeepRows,
  ...ownerRows,
  {
    path: 'acr can',
    summary: 'check whether a principal has a permission',
    load: () => import('../resources/acr/explain/can.ts'),
  },
  {
    path: 'acr login',
    summary: 'sign docker, podman or nerdctl in to a registry',
    load: () => import('../resources/acr/login/command.ts'),
  },
  {
    path: 'acr who',
    summary: 'list the principals that have a permission',
    load: () => import('../resources/acr/explain/who.ts'),
  },
  {
    path: 'acr why',
    summary: 'explain a denied request',
    load: () => import('../resources/acr/explain/why.ts'),
  },
  {
    path: 'audit export',
    summary: 'write events as JSON, one per line, oldest first',
    load: () => import('../resources/audit/export.ts'),
  },
  {
    path: 'audit list',
    summary: 'print events, one per line, newest first',
    load: () => import('../resources/audit/list.ts'),
  },
  {
    path: 'audit verify',
    summary: 'verify every event and every block of the hash chain',
    load: () => import('../resources/audit/verify.ts'),
  },
  {
    path: 'backup create',
    summary: 'create a backup, also while the server is running',
    load: () => import('../resources/backup/create.ts'),
  },
  {
    path: 'backup list',
    summary: 'list the complete backups, oldest first',
    load: async () => ({ command: (await import('../resources/backup/stored.ts')).listBackups }),
  },
  {
    path: 'backup restore',
    summary: 'restore a backup to an empty data directory',
    load: () => import('../resources/backup/restore.ts'),
  },
  {
    path: 'backup verify',
    summary: 'read every byte of a backup, and compare it with its digest',
    load: async () => ({ command: (await import('../resources/backup/stored.ts')).verifyBackups }),
  },
  {
    path: 'cloud list',
    summary: 'list the clouds',
    load: async () => ({ command: (await import('../resources/cloud/clouds.ts')).listClouds }),
  },
  {
    path: 'cloud list-profiles',
    summary: 'list the API profiles',
    load: async () => ({ command: (await import('../resources/cloud/clouds.ts')).listProfiles }),
  },
  {
    path: 'cloud register',
    summary: 'register a server as a cloud',
    load: async () => ({ command: (await import('../resources/cloud/registration.ts')).registerCloud }),
  },
  {
    path: 'cloud set',
    summary: 'select the active cloud',
    load: async () => ({ command: (await import('../resources/cloud/clouds.ts')).setCloud }),
  },
  {
    path: 'cloud show',
    summary: 'show the endpoints of a cloud',
    load: async () => ({ command: (await import('../resources/cloud/clouds.ts')).showCloud }),
  },
  {
    path: 'cloud unregister',
    summary: 'remove a registered cloud',
    load: async () => ({ command: (await import('../resources/cloud/registration.ts')).unregisterCloud }),
  },
  {
    path: 'cloud update',
    summary: 'change the endpoints of a registered cloud',
    load: async () => ({ command: (await import('../resources/cloud/registration.ts')).updateCloud }),
  },
  {
    path: 'identity-endpoint enroll',
    summary: 'create a key on this machine and register it with the server; an earlier key becomes invalid',
    load: async () => ({ command: (await import('../resources/identity-endpoint/machine.ts')).enrollMachine }),
  },
  {
    path: 'identity-endpoint forget',
    summary: 'delete the key from this machine; the server keeps the machine until it is deleted there',
    load: async () => ({ command: (await import('../resources/identity-endpoint/machine.ts')).forget }),
  },
  {
    path: 'identity-endpoint serve',
    summary:
      'serve tokens to programs on this machine, through the endpoints of Azure virtual machines, App Service and Azure ML',
    load: () => import('../resources/identity-endpoint/serve.ts'),
  },
  {
    path: 'identity-endpoint status',
    summary: 'show the identity of this machine, and whether the server accepts its key',
    load: async () => ({ command: (await import('../resources/identity-endpoint/machine.ts')).showStatus }),
  },
  {
    path: 'migrate',
    summary: 'move the rows and blobs of a server to PostgreSQL and an object store, or back',
    load: () => import('../resources/migrate/command.ts'),
  },
  {
    path: 'owner first-run',
    summary: 'print the credentials that the first start of the server created',
    load: () => import('../resources/owner/first-run-command.ts'),
  },
  {
    path: 'master-key remove-old',
    summary: 'remove access to the secrets in the database by earlier master keys',
    load: async () => ({ command: (await import('../resources/master-key/master-key.ts')).removeOld }),
  },
  {
    path: 'master-key rotate',
    summary: 'replace the master key, also while servers run',
    load: async () => ({ command: (await import('../resources/master-key/master-key.ts')).rotate }),
  },
  {
    path: 'owner reset',
    summary: 'set a one-time password for an owner, and end all sign-ins of the owner',
    load: () => import('../resources/owner/reset.ts'),
  },
  {
    path: 'scrub',
    summary: 'verify all stored content, and quarantine corrupt content',
    load: () => import('../resources/scrub/command.ts'),
  },
  { path: 'serve', summary: 'start the server', load: () => import('../resources/serve/command.ts') },
  {
    path: 'trust',
    summary: "make the clients on this machine trust a server's certificate authority",
    load: () => import('../resources/trust/command.ts'),
  },
]

/** Creates the parser of all commands. Only those that `isNeeded` selects by their path are loaded and get their options. */
export function loadProgram(isNeeded: (path: string) => boolean): Promise<Parser> {
  return createProgram({ groups, commands: commandTable }, isNeeded)
}
