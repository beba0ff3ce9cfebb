import { text } from 'node:stream/consumers'
import { ContainerRegistryClient } from '@azure/container-registry'
import { ManagedIdentityCredential } from '@azure/identity'

/** What the program is to do, as JSON on stdin. Its answer is JSON on stdout. */
export interface ManagedIdentityTask {
  /** One of these three ids, or none for the machine's own identity. */
  identity?: { clientId: string } | { objectId: string } | { resourceId: string }
  /** Ask for a token of this scope. */
  scope?: string
  /** List the repositories of this registry. */
  endpoint?: string
}

function credentialOf({ identity }: ManagedIdentityTask): ManagedIdentityCredential {
  const options = { retryOptions: { maxRetries: 0 } }
  if (identity === undefined) return new ManagedIdentityCredential(options)
  return new ManagedIdentityCredential({ ...identity, ...options })
}

async function perform(task: ManagedIdentityTask): Promise<unknown> {
  const credential = credentialOf(task)
  if (task.endpoint !== undefined) {
    const client = new ContainerRegistryClient(task.endpoint, credential, { retryOptions: { maxRetries: 0 } })
    const names: string[] = []
    for await (const name of client.listRepositoryNames()) names.push(name)
    return { names }
  }
  return credential.getToken(task.scope ?? '')
}

if (import.meta.main) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test that starts this program writes its stdin
  const task = JSON.parse(await text(process.stdin)) as ManagedIdentityTask
  try {
    process.stdout.write(JSON.stringify(await perform(task)))
  } catch (error) {
    process.stdout.write(JSON.stringify({ error: String(error) }))
  }
}
