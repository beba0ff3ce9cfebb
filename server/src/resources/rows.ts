export type SubscriptionRow = {
  readonly subscription_id: string
  readonly tenant_id: string
  readonly display_name: string
}

export type ResourceGroupRow = {
  readonly subscription_id: string
  readonly name_key: string
  readonly name: string
  readonly location: string
  /** The value is JSON text. */
  readonly tags: string
  readonly managed_by: string | null
}

export type RegistryRow = {
  readonly rid: string
  readonly subscription_id: string
  readonly resource_group_key: string
  readonly resource_group: string
  readonly name_key: string
  readonly name: string
  readonly login_server: string
  /** The value is 1 if the login server is the public host of the server, and otherwise 0. */
  readonly has_public_host: number
  /** The JSON text of the properties that have no column. */
  readonly properties: string
}

export type AdminPasswordRow = {
  readonly rid: string
  readonly name: string
  /** Increases with each renewal, which invalidates credentials of earlier generations. */
  readonly generation: number
  readonly hash: Uint8Array
  readonly sealed: Uint8Array
}
