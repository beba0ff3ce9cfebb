import type { CommandRow, GroupRow } from '../framework/command/row.ts'

/** The groups of the commands of `acr` that az has. */
export const acrGroups: readonly GroupRow[] = [
  {
    path: 'acr manifest',
    summary: 'list, show, lock and delete manifests',
    examples: ['acrux acr manifest list-metadata -r contoso -n team/app'],
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
  },
  {
    path: 'acr config',
    summary: 'show and change settings of a registry',
    examples: ['acrux acr config authentication-as-arm show -r contoso'],
  },
  {
    path: 'acr config authentication-as-arm',
    summary: 'show and set whether tokens for Azure Resource Manager are accepted',
    examples: ['acrux acr config authentication-as-arm update -r contoso --status disabled'],
  },
  {
    path: 'acr credential',
    summary: 'show and replace the passwords of the admin account',
    examples: ['acrux acr credential show -n contoso'],
  },
  {
    path: 'acr scope-map',
    summary: 'create, list, change and delete scope maps',
    examples: ['acrux acr scope-map list -r contoso'],
  },
  {
    path: 'acr token',
    summary: 'create, list, change and delete scoped tokens',
    examples: ['acrux acr token list -r contoso'],
  },
  {
    path: 'acr token credential',
    summary: 'replace and delete the passwords of scoped tokens',
    examples: ['acrux acr token credential generate -r contoso -n device --password1'],
  },
]

/** The commands of `acr` that az has. */
export const acrRows: readonly CommandRow[] = [
  {
    path: 'acr check-name',
    summary: 'check whether a registry name can be used',
    load: () => import('../resources/acr/registries/check-name.ts'),
  },
  { path: 'acr list', summary: 'list the registries', load: () => import('../resources/acr/registries/list.ts') },
  {
    path: 'acr manifest delete',
    summary: 'delete a manifest with all its tags',
    load: () => import('../resources/acr/manifest/delete.ts'),
  },
  {
    path: 'acr manifest list',
    summary: 'list the manifests of a repository',
    load: () => import('../resources/acr/manifest/list.ts'),
  },
  {
    path: 'acr manifest list-deleted',
    summary: 'list the deleted manifests of a repository that can be restored',
    load: () => import('../resources/acr/manifest/list-deleted.ts'),
  },
  {
    path: 'acr manifest list-deleted-tags',
    summary: 'list the deleted tags of a repository that can be restored',
    load: () => import('../resources/acr/manifest/list-deleted-tags.ts'),
  },
  {
    path: 'acr manifest list-metadata',
    summary: 'list the digests, sizes and times of the manifests of a repository',
    load: () => import('../resources/acr/manifest/list-metadata.ts'),
  },
  {
    path: 'acr manifest list-referrers',
    summary: 'list the artifacts that refer to a manifest',
    load: () => import('../resources/acr/manifest/list-referrers.ts'),
  },
  {
    path: 'acr manifest metadata list',
    summary: 'list the metadata of manifests; deprecated: use acr manifest list-metadata',
    load: () => import('../resources/acr/manifest/list-metadata.ts'),
  },
  {
    path: 'acr manifest metadata show',
    summary: 'show the metadata of a manifest; deprecated: use acr manifest show-metadata',
    load: () => import('../resources/acr/manifest/show-metadata.ts'),
  },
  {
    path: 'acr manifest metadata update',
    summary: 'lock or unlock a manifest; deprecated: use acr manifest update-metadata',
    load: () => import('../resources/acr/manifest/update-metadata.ts'),
  },
  {
    path: 'acr manifest restore',
    summary: 'restore a deleted manifest and its tag',
    load: () => import('../resources/acr/manifest/restore.ts'),
  },
  {
    path: 'acr manifest show',
    summary: 'show a manifest',
    load: () => import('../resources/acr/manifest/show.ts'),
  },
  {
    path: 'acr manifest show-metadata',
    summary: 'show the digest, size and times of a tag or a manifest',
    load: () => import('../resources/acr/manifest/show-metadata.ts'),
  },
  {
    path: 'acr manifest update-metadata',
    summary: 'lock or unlock a tag or a manifest',
    load: () => import('../resources/acr/manifest/update-metadata.ts'),
  },
  {
    path: 'acr repository delete',
    summary: 'delete a repository, or an image with all its tags',
    load: () => import('../resources/acr/repository/delete.ts'),
  },
  {
    path: 'acr repository list',
    summary: 'list the repositories',
    load: () => import('../resources/acr/repository/list.ts'),
  },
  {
    path: 'acr repository list-deleted',
    summary: 'list the repositories with deleted content that can be restored',
    load: () => import('../resources/acr/repository/list-deleted.ts'),
  },
  {
    path: 'acr repository show',
    summary: 'show a repository, a tag or a manifest',
    load: () => import('../resources/acr/repository/show.ts'),
  },
  {
    path: 'acr repository show-manifests',
    summary: 'list the manifests of a repository; deprecated',
    load: () => import('../resources/acr/repository/show-manifests.ts'),
  },
  {
    path: 'acr repository show-tags',
    summary: 'list the tags of a repository',
    load: () => import('../resources/acr/repository/show-tags.ts'),
  },
  {
    path: 'acr repository untag',
    summary: 'delete a tag, and keep its manifest',
    load: () => import('../resources/acr/repository/untag.ts'),
  },
  {
    path: 'acr repository update',
    summary: 'lock or unlock a repository, a tag or a manifest',
    load: () => import('../resources/acr/repository/update.ts'),
  },
  { path: 'acr show', summary: 'show a registry', load: () => import('../resources/acr/registries/show.ts') },
  {
    path: 'acr show-endpoints',
    summary: 'show the login server and the data endpoints of a registry',
    load: () => import('../resources/acr/registries/show-endpoints.ts'),
  },
  {
    path: 'acr show-usage',
    summary: 'show the quotas of a registry, and how much of them is used',
    load: () => import('../resources/acr/registries/show-usage.ts'),
  },
  {
    path: 'acr config authentication-as-arm show',
    summary: 'show whether tokens for Azure Resource Manager are accepted',
    load: () => import('../resources/acr/config/show-authentication-as-arm.ts'),
  },
  {
    path: 'acr config authentication-as-arm update',
    summary: 'set whether tokens for Azure Resource Manager are accepted',
    load: () => import('../resources/acr/config/update-authentication-as-arm.ts'),
  },
  {
    path: 'acr create',
    summary: 'create a registry',
    load: () => import('../resources/acr/registries/create.ts'),
  },
  {
    path: 'acr credential renew',
    summary: 'replace a password of the admin account',
    load: () => import('../resources/acr/credential/renew.ts'),
  },
  {
    path: 'acr credential show',
    summary: 'show the passwords of the admin account',
    load: () => import('../resources/acr/credential/show.ts'),
  },
  {
    path: 'acr delete',
    summary: 'delete a registry and all its content',
    load: () => import('../resources/acr/registries/delete.ts'),
  },
  {
    path: 'acr scope-map create',
    summary: 'create a scope map',
    load: () => import('../resources/acr/scope-map/create.ts'),
  },
  {
    path: 'acr scope-map delete',
    summary: 'delete a scope map',
    load: () => import('../resources/acr/scope-map/delete.ts'),
  },
  {
    path: 'acr scope-map list',
    summary: 'list the scope maps',
    load: () => import('../resources/acr/scope-map/list.ts'),
  },
  {
    path: 'acr scope-map show',
    summary: 'show a scope map',
    load: () => import('../resources/acr/scope-map/show.ts'),
  },
  {
    path: 'acr scope-map update',
    summary: 'add permissions to a scope map, or remove them',
    load: () => import('../resources/acr/scope-map/update.ts'),
  },
  {
    path: 'acr token create',
    summary: 'create a scoped token',
    load: () => import('../resources/acr/token/create.ts'),
  },
  {
    path: 'acr token credential delete',
    summary: 'delete passwords of a scoped token',
    load: () => import('../resources/acr/token/delete-credential.ts'),
  },
  {
    path: 'acr token credential generate',
    summary: 'replace passwords of a scoped token',
    load: () => import('../resources/acr/token/generate-credential.ts'),
  },
  {
    path: 'acr token delete',
    summary: 'delete a scoped token',
    load: () => import('../resources/acr/token/delete.ts'),
  },
  {
    path: 'acr token list',
    summary: 'list the scoped tokens',
    load: () => import('../resources/acr/token/list.ts'),
  },
  {
    path: 'acr token show',
    summary: 'show a scoped token',
    load: () => import('../resources/acr/token/show.ts'),
  },
  {
    path: 'acr token update',
    summary: 'change the status or the scope map of a scoped token',
    load: () => import('../resources/acr/token/update.ts'),
  },
  {
    path: 'acr update',
    summary: 'change a registry',
    load: () => import('../resources/acr/registries/update.ts'),
  },
]
