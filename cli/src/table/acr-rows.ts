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
    load: async () => ({ command: (await import('../resources/acr/registries/create.ts')).checkName }),
  },
  {
    path: 'acr list',
    summary: 'list the registries',
    load: async () => ({ command: (await import('../resources/acr/registries/registries.ts')).listRegistries }),
  },
  {
    path: 'acr manifest delete',
    summary: 'delete a manifest with all its tags',
    load: async () => ({ command: (await import('../resources/acr/manifest/manifests.ts')).deleteManifest }),
  },
  {
    path: 'acr manifest list',
    summary: 'list the manifests of a repository',
    load: async () => ({ command: (await import('../resources/acr/manifest/manifests.ts')).listManifests }),
  },
  {
    path: 'acr manifest list-deleted',
    summary: 'list the deleted manifests of a repository that can be restored',
    load: async () => ({ command: (await import('../resources/acr/manifest/deleted.ts')).listDeleted }),
  },
  {
    path: 'acr manifest list-deleted-tags',
    summary: 'list the deleted tags of a repository that can be restored',
    load: async () => ({ command: (await import('../resources/acr/manifest/deleted.ts')).listDeletedTags }),
  },
  {
    path: 'acr manifest list-metadata',
    summary: 'list the digests, sizes and times of the manifests of a repository',
    load: async () => ({ command: (await import('../resources/acr/manifest/metadata.ts')).listMetadata }),
  },
  {
    path: 'acr manifest list-referrers',
    summary: 'list the artifacts that refer to a manifest',
    load: async () => ({ command: (await import('../resources/acr/manifest/manifests.ts')).listReferrers }),
  },
  {
    path: 'acr manifest metadata list',
    summary: 'list the metadata of manifests; deprecated: use acr manifest list-metadata',
    load: async () => ({ command: (await import('../resources/acr/manifest/metadata.ts')).listMetadata }),
  },
  {
    path: 'acr manifest metadata show',
    summary: 'show the metadata of a manifest; deprecated: use acr manifest show-metadata',
    load: async () => ({ command: (await import('../resources/acr/manifest/metadata.ts')).showMetadata }),
  },
  {
    path: 'acr manifest metadata update',
    summary: 'lock or unlock a manifest; deprecated: use acr manifest update-metadata',
    load: async () => ({ command: (await import('../resources/acr/manifest/metadata.ts')).updateMetadata }),
  },
  {
    path: 'acr manifest restore',
    summary: 'restore a deleted manifest and its tag',
    load: async () => ({ command: (await import('../resources/acr/manifest/deleted.ts')).restoreManifest }),
  },
  {
    path: 'acr manifest show',
    summary: 'show a manifest',
    load: async () => ({ command: (await import('../resources/acr/manifest/manifests.ts')).showManifest }),
  },
  {
    path: 'acr manifest show-metadata',
    summary: 'show the digest, size and times of a tag or a manifest',
    load: async () => ({ command: (await import('../resources/acr/manifest/metadata.ts')).showMetadata }),
  },
  {
    path: 'acr manifest update-metadata',
    summary: 'lock or unlock a tag or a manifest',
    load: async () => ({ command: (await import('../resources/acr/manifest/metadata.ts')).updateMetadata }),
  },
  {
    path: 'acr repository delete',
    summary: 'delete a repository, or an image with all its tags',
    load: async () => ({ command: (await import('../resources/acr/repository.ts')).deleteRepository }),
  },
  {
    path: 'acr repository list',
    summary: 'list the repositories',
    load: async () => ({ command: (await import('../resources/acr/repository.ts')).listRepositories }),
  },
  {
    path: 'acr repository list-deleted',
    summary: 'list the repositories with deleted content that can be restored',
    load: async () => ({ command: (await import('../resources/acr/repository.ts')).listDeletedRepositories }),
  },
  {
    path: 'acr repository show',
    summary: 'show a repository, a tag or a manifest',
    load: async () => ({ command: (await import('../resources/acr/repository.ts')).showRepository }),
  },
  {
    path: 'acr repository show-manifests',
    summary: 'list the manifests of a repository; deprecated',
    load: async () => ({ command: (await import('../resources/acr/repository.ts')).showManifests }),
  },
  {
    path: 'acr repository show-tags',
    summary: 'list the tags of a repository',
    load: async () => ({ command: (await import('../resources/acr/repository.ts')).showTags }),
  },
  {
    path: 'acr repository untag',
    summary: 'delete a tag, and keep its manifest',
    load: async () => ({ command: (await import('../resources/acr/repository.ts')).untag }),
  },
  {
    path: 'acr repository update',
    summary: 'lock or unlock a repository, a tag or a manifest',
    load: async () => ({ command: (await import('../resources/acr/repository.ts')).updateRepository }),
  },
  {
    path: 'acr show',
    summary: 'show a registry',
    load: async () => ({ command: (await import('../resources/acr/registries/registries.ts')).showRegistry }),
  },
  {
    path: 'acr show-endpoints',
    summary: 'show the login server and the data endpoints of a registry',
    load: async () => ({ command: (await import('../resources/acr/registries/registries.ts')).showEndpoints }),
  },
  {
    path: 'acr show-usage',
    summary: 'show the quotas of a registry, and how much of them is used',
    load: async () => ({ command: (await import('../resources/acr/registries/registries.ts')).showUsage }),
  },
  {
    path: 'acr config authentication-as-arm show',
    summary: 'show whether tokens for Azure Resource Manager are accepted',
    load: async () => ({ command: (await import('../resources/acr/authentication-as-arm.ts')).showAuthentication }),
  },
  {
    path: 'acr config authentication-as-arm update',
    summary: 'set whether tokens for Azure Resource Manager are accepted',
    load: async () => ({ command: (await import('../resources/acr/authentication-as-arm.ts')).updateAuthentication }),
  },
  {
    path: 'acr create',
    summary: 'create a registry',
    load: async () => ({ command: (await import('../resources/acr/registries/create.ts')).createRegistry }),
  },
  {
    path: 'acr credential renew',
    summary: 'replace a password of the admin account',
    load: async () => ({ command: (await import('../resources/acr/admin-credential.ts')).renewCredential }),
  },
  {
    path: 'acr credential show',
    summary: 'show the passwords of the admin account',
    load: async () => ({ command: (await import('../resources/acr/admin-credential.ts')).showCredential }),
  },
  {
    path: 'acr delete',
    summary: 'delete a registry and all its content',
    load: async () => ({ command: (await import('../resources/acr/registries/registries.ts')).deleteRegistry }),
  },
  {
    path: 'acr scope-map create',
    summary: 'create a scope map',
    load: async () => ({ command: (await import('../resources/acr/scope-map/scope-maps.ts')).createScopeMap }),
  },
  {
    path: 'acr scope-map delete',
    summary: 'delete a scope map',
    load: async () => ({ command: (await import('../resources/acr/scope-map/scope-maps.ts')).deleteScopeMap }),
  },
  {
    path: 'acr scope-map list',
    summary: 'list the scope maps',
    load: async () => ({ command: (await import('../resources/acr/scope-map/scope-maps.ts')).listScopeMaps }),
  },
  {
    path: 'acr scope-map show',
    summary: 'show a scope map',
    load: async () => ({ command: (await import('../resources/acr/scope-map/scope-maps.ts')).showScopeMap }),
  },
  {
    path: 'acr scope-map update',
    summary: 'add permissions to a scope map, or remove them',
    load: async () => ({ command: (await import('../resources/acr/scope-map/scope-maps.ts')).updateScopeMap }),
  },
  {
    path: 'acr token create',
    summary: 'create a scoped token',
    load: () => import('../resources/acr/token/create.ts'),
  },
  {
    path: 'acr token credential delete',
    summary: 'delete passwords of a scoped token',
    load: async () => ({ command: (await import('../resources/acr/token/credential.ts')).deleteCredential }),
  },
  {
    path: 'acr token credential generate',
    summary: 'replace passwords of a scoped token',
    load: async () => ({ command: (await import('../resources/acr/token/credential.ts')).generateCredential }),
  },
  {
    path: 'acr token delete',
    summary: 'delete a scoped token',
    load: async () => ({ command: (await import('../resources/acr/token/tokens.ts')).deleteToken }),
  },
  {
    path: 'acr token list',
    summary: 'list the scoped tokens',
    load: async () => ({ command: (await import('../resources/acr/token/tokens.ts')).listTokens }),
  },
  {
    path: 'acr token show',
    summary: 'show a scoped token',
    load: async () => ({ command: (await import('../resources/acr/token/tokens.ts')).showToken }),
  },
  {
    path: 'acr token update',
    summary: 'change the status or the scope map of a scoped token',
    load: async () => ({ command: (await import('../resources/acr/token/tokens.ts')).updateToken }),
  },
  {
    path: 'acr update',
    summary: 'change a registry',
    load: () => import('../resources/acr/registries/update.ts'),
  },
]
