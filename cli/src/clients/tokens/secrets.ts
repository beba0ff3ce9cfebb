/** A token that can be used until it expires. */
export type CachedToken = { readonly token: string; readonly expiresAtMs: number }

/** The secrets of one sign-in. */
export type Secrets = {
  readonly refreshToken?: string
  readonly clientSecret?: string
  readonly federatedToken?: string
  /** By what they are for. */
  readonly tokens?: Readonly<Record<string, CachedToken>>
}

/** Where the secrets of sign-ins are. Changes by several processes do not overwrite each other. */
export type SecretStore = {
  readonly read: (signInId: string) => Promise<Secrets>
  /** Deletes the secrets if `change` returns undefined. */
  readonly change: (signInId: string, change: (secrets: Secrets) => Secrets | undefined) => Promise<void>
}
