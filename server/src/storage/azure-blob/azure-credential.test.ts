import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf, type AzureCredentialSources, findAzureCredential } from './azure-credential.ts'

const endpoint = 'https://contoso.blob.core.windows.net'
const env = { AZURE_STORAGE_KEY: 'variable-key', AZURE_STORAGE_SAS_TOKEN: '?sv=variable' }
const workload = { AZURE_FEDERATED_TOKEN_FILE: '/token', AZURE_CLIENT_ID: 'id', AZURE_TENANT_ID: 'tenant' }

const cases: readonly [given: Partial<AzureCredentialSources>, kind: string, value: string | undefined, why: string][] =
  [
    [{ key: 'file-key', env }, 'key', 'file-key', 'a file precedes the environment'],
    [
      { sas: '?sv=file', env },
      'sas',
      'sv=file',
      'a file precedes the environment, and the portal writes a question mark',
    ],
    [{ env }, 'key', 'variable-key', 'a key precedes a SAS token'],
    [{ env: { AZURE_STORAGE_SAS_TOKEN: 'sv=variable' } }, 'sas', 'sv=variable', 'the only credential'],
    [{ env: { AZURE_STORAGE_KEY: '', ...workload } }, 'identity', 'WorkloadIdentityCredential', 'in a Kubernetes pod'],
    [{ env: {} }, 'identity', 'ManagedIdentityCredential', 'on a machine of Azure'],
  ]

test('The credential of a storage account comes from the first source that has one', async () => {
  for (const [given, kind, value, why] of cases) {
    const found = await findAzureCredential({ endpoint, key: undefined, sas: undefined, env: {}, ...given })
    const actual =
      found.kind === 'key' ? found.key : found.kind === 'sas' ? found.token : found.credential.constructor.name
    assert.deepEqual([found.kind, actual], [kind, value], why)
  }
})

test('The account is the first part of the host, or of the path', () => {
  assert.equal(accountOf(endpoint), 'contoso')
  assert.equal(accountOf('http://127.0.0.1:10000/devstoreaccount1'), 'devstoreaccount1')
  assert.equal(accountOf('https://contoso.blob.core.windows.net/'), 'contoso')
})
