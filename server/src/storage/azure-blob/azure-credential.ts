import type { AzureCredential } from './azure-blob-settings.ts'

/** Where the credential of a storage account may come from. */
export type AzureCredentialSources = {
  readonly endpoint: string
  /** The contents of the files of the settings. */
  readonly key: string | undefined
  readonly sas: string | undefined
  /** The variables that the Azure SDK and the Azure CLI also know. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * The credential of a storage account, from the first of: the settings, a key or SAS token in the environment, the workload
 * identity of a Kubernetes pod, the managed identity of the machine.
 */
export async function findAzureCredential({
  endpoint,
  key,
  sas,
  env,
}: AzureCredentialSources): Promise<AzureCredential> {
  if (key !== undefined) return { kind: 'key', account: accountOf(endpoint), key }
  if (sas !== undefined) return { kind: 'sas', token: withoutQuestionMark(sas) }
  const { AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_FEDERATED_TOKEN_FILE: tokenFilePath } = env
  if (AZURE_STORAGE_KEY) return { kind: 'key', account: accountOf(endpoint), key: AZURE_STORAGE_KEY }
  if (AZURE_STORAGE_SAS_TOKEN) return { kind: 'sas', token: withoutQuestionMark(AZURE_STORAGE_SAS_TOKEN) }
  const { ManagedIdentityCredential, WorkloadIdentityCredential } = await import('@azure/identity')
  const { AZURE_CLIENT_ID: clientId, AZURE_TENANT_ID: tenantId } = env
  const credential = tokenFilePath
    ? new WorkloadIdentityCredential({ tokenFilePath, ...(clientId && { clientId }), ...(tenantId && { tenantId }) })
    : new ManagedIdentityCredential({ ...(clientId && { clientId }) })
  return { kind: 'identity', credential }
}

/** The account in an address: the first part of its host, or of its path where the host is not the account's. */
export function accountOf(endpoint: string): string {
  const { hostname, pathname } = new URL(endpoint)
  const [, first = ''] = pathname.split('/')
  return first === '' ? (hostname.split('.')[0] ?? '') : first
}

function withoutQuestionMark(token: string): string {
  return token.startsWith('?') ? token.slice(1) : token
}
