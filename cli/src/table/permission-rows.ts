import type { CommandRow } from '../framework/command/row.ts'

/** The commands that change permissions. */
export const permissionRows: readonly CommandRow[] = [
  {
    path: 'acr grant',
    summary: 'allow a principal, a scoped token or anonymous callers to pull, push or delete',
    load: () => import('../resources/acr/permission/grant.ts'),
  },
  {
    path: 'acr revoke',
    summary: 'revoke a permission that was granted',
    load: () => import('../resources/acr/permission/revoke.ts'),
  },
]
