/** A token that can be used until it expires. */
export type CachedToken = { readonly token: string; readonly expiresAtMs: number }

/** The secrets of one sign-in. */
export type Secrets = {
  readonly refreshToken?: string
  readonly clientSecret?: string
  readonly federatedToken?: string
  /** The secrets, by purpose. */
  readonly tokens?: Readonly<Record<string, CachedToken>>
}

/** The storage of sign-in secrets. Concurrent changes of several processes do not overwrite each other. */
export type SecretStore = {
  readonly read: (signInId: string) => Promise<Secrets>
  /** Deletes the secrets if `change` returns undefined. */
  readonly change: (signInId: string, change: (secrets: Secrets) => Secrets | undefined) => Promise<void>
}
