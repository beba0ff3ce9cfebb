import type { TokenCredential } from '@azure/identity'

/** What authenticates the server at a storage account. */
export type AzureCredential =
  | { readonly kind: 'key'; readonly account: string; readonly key: string }
  | { readonly kind: 'sas'; readonly token: string }
  | { readonly kind: 'identity'; readonly credential: TokenCredential }

/** A container of a storage account. */
export type AzureBlobSettings = {
  /** The address of the blob service, such as `https://contoso.blob.core.windows.net`. */
  readonly endpoint: string
  readonly container: string
  readonly credential: AzureCredential
  /** Before each key; empty or ending with a slash. */
  readonly prefix: string
  readonly timeoutMs?: number
}
