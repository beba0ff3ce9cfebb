import type { CommandRow } from './table.ts'

/** The commands for rotating credentials and cleaning up that az does not have. */
export const upkeepRows: readonly CommandRow[] = [
  {
    path: 'acr token rotate',
    summary: 'replace a password of a scoped token without downtime',
    load: () => import('../acr/token/rotate.ts'),
  },
  {
    path: 'ad app credential rotate',
    summary: 'replace a password of an application without downtime',
    load: () => import('../ad/app/rotate-credential.ts'),
  },
  {
    path: 'ad sp credential rotate',
    summary: 'replace a password of a service principal without downtime',
    load: () => import('../ad/sp/rotate-credential.ts'),
  },
]
