/** The subject of a decision. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'admin'; readonly rid: string }
  | { readonly kind: 'scoped-token'; readonly rid: string; readonly tokenId: string }
  /** A user, service principal or managed identity, with the principal's groups. */
  | { readonly kind: 'directory'; readonly objectId: string; readonly groupIds: readonly string[] }

/** The properties of a registry that decisions depend on. */
export type RegistryInQuestion = {
  readonly rid: string
  /** ARM id. */
  readonly id: string
  readonly adminUserEnabled: boolean
  readonly anonymousPullEnabled: boolean
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
}

/** A right: an action of an access scope on a repository, or `catalog`, `deleted_catalog` or `repositories` on no repository. */
export type RightInQuestion = { readonly right: string; readonly repository: string | undefined }

/** An action that a role must permit, on the management API or on the content of a registry. */
export type ActionNeed = { readonly kind: 'action' | 'data-action'; readonly name: string }
