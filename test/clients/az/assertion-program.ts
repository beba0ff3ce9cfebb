import { text } from 'node:stream/consumers'
import { ContainerRegistryClient } from '@azure/container-registry'
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  WorkloadIdentityCredential,
  type TokenCredential,
} from '@azure/identity'

/** What the program is to do, as JSON on stdin. Its answer is JSON on stdout. */
export interface AssertionTask {
  authorityHost: string
  tenantId: string
  clientId: string
  /** A PEM file with certificate and key, the text of a token, or the file that a cluster keeps a token in. */
  proof:
    | { kind: 'certificate'; file: string; sendChain: boolean }
    | { kind: 'assertion'; token: string }
    | { kind: 'workload'; file: string }
  endpoint: string
}

function credentialOf({ authorityHost, tenantId, clientId, proof }: AssertionTask): TokenCredential {
  const options = { authorityHost, disableInstanceDiscovery: true, retryOptions: { maxRetries: 0 } }
  switch (proof.kind) {
    case 'certificate': {
      const certificatePath = proof.file
      const more = { ...options, sendCertificateChain: proof.sendChain }
      return new ClientCertificateCredential(tenantId, clientId, { certificatePath }, more)
    }
    case 'assertion':
      return new ClientAssertionCredential(tenantId, clientId, () => Promise.resolve(proof.token), options)
    case 'workload':
      return new WorkloadIdentityCredential({ ...options, tenantId, clientId, tokenFilePath: proof.file })
  }
}

async function perform(task: AssertionTask): Promise<unknown> {
  const credential = credentialOf(task)
  const token = await credential.getToken('https://management.azure.com/.default')
  const client = new ContainerRegistryClient(task.endpoint, credential, { retryOptions: { maxRetries: 0 } })
  const names: string[] = []
  for await (const name of client.listRepositoryNames()) names.push(name)
  return { token: token?.token, names }
}

if (import.meta.main) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test that starts this program writes its stdin
  const task = JSON.parse(await text(process.stdin)) as AssertionTask
  try {
    process.stdout.write(JSON.stringify(await perform(task)))
  } catch (error) {
    process.stdout.write(JSON.stringify({ error: String(error) }))
  }
}
