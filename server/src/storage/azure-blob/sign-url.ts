import type { SASQueryParameters, UserDelegationKey } from '@azure/storage-blob'
import type { SignOptions } from '../objects/object-store.ts'
import type { AzureBlobSettings } from './azure-blob-settings.ts'

/** Signs the URL of a blob with this name. */
export type UrlSigner = (url: string, blobName: string, options: SignOptions) => Promise<string | undefined>

/** Clocks may differ by this much. */
const skewMs = 5 * 60_000

/** How long a key of the account is used to sign. [Azure Storage, user delegation SAS: at most 7 days] */
const delegationMs = 60 * 60_000

/** A signer for the credential of an account. A SAS token cannot sign, and must not be given away. */
export function urlSigner(
  sdk: typeof import('@azure/storage-blob'),
  { endpoint, container: containerName, credential }: AzureBlobSettings,
): UrlSigner {
  const { BlobSASPermissions, generateBlobSASQueryParameters: generate } = sdk
  const permissions = BlobSASPermissions.parse('r')
  switch (credential.kind) {
    case 'sas':
      return async () => undefined
    case 'key': {
      const key = new sdk.StorageSharedKeyCredential(credential.account, credential.key)
      return async (url, blobName, { contentType, expiresAtMs }) => {
        const expiresOn = new Date(expiresAtMs)
        return signed(url, generate({ containerName, blobName, permissions, contentType, expiresOn }, key))
      }
    }
    case 'identity': {
      const service = new sdk.BlobServiceClient(endpoint, credential.credential)
      const account = new URL(endpoint).hostname.split('.')[0] ?? ''
      let delegated: { readonly key: UserDelegationKey; readonly untilMs: number } | undefined
      return async (url, blobName, { contentType, expiresAtMs }) => {
        if (delegated === undefined || delegated.untilMs < expiresAtMs) {
          const untilMs = Date.now() + delegationMs
          const key = await service.getUserDelegationKey(new Date(Date.now() - skewMs), new Date(untilMs))
          delegated = { key, untilMs }
        }
        const values = { containerName, blobName, permissions, contentType, expiresOn: new Date(expiresAtMs) }
        return signed(url, generate(values, delegated.key, account))
      }
    }
  }
}

function signed(url: string, parameters: SASQueryParameters): string {
  return `${url}?${parameters.toString()}`
}
