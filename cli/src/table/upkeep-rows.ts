import type { CommandRow, GroupRow } from '../framework/command/row.ts'

/** The groups of the commands for rotating credentials and cleaning up. */
export const upkeepGroups: readonly GroupRow[] = [
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
]

/** The commands for rotating credentials and cleaning up, which az does not have. */
export const upkeepRows: readonly CommandRow[] = [
  {
    path: 'acr imports cancel',
    summary: 'cancel running image imports',
    load: async () => ({ command: (await import('../resources/acr/imports.ts')).cancelImports }),
  },
  {
    path: 'acr imports list',
    summary: 'list the image imports into a registry',
    load: async () => ({ command: (await import('../resources/acr/imports.ts')).listImports }),
  },
  {
    path: 'acr purge',
    summary: 'delete old tags, and manifests without a tag',
    load: () => import('../resources/acr/purge/command.ts'),
  },
  {
    path: 'acr token rotate',
    summary: 'replace a password of a scoped token without downtime',
    load: () => import('../resources/acr/token/rotate.ts'),
  },
  {
    path: 'acr uploads cancel',
    summary: 'cancel unfinished uploads, and delete their bytes',
    load: async () => ({ command: (await import('../resources/acr/uploads.ts')).cancelUploads }),
  },
  {
    path: 'acr uploads list',
    summary: 'list the unfinished uploads of a registry',
    load: async () => ({ command: (await import('../resources/acr/uploads.ts')).listUploads }),
  },
  {
    path: 'ad app credential rotate',
    summary: 'replace a password of an application without downtime',
    load: async () => ({ command: (await import('../resources/ad/app/credential.ts')).rotateApplicationCredential }),
  },
  {
    path: 'ad sp credential rotate',
    summary: 'replace a password of a service principal without downtime',
    load: async () => ({
      command: (await import('../resources/ad/sp/credential.ts')).rotateServicePrincipalCredential,
    }),
  },
]
