import { text } from 'node:stream/consumers'
import { ContainerRegistryClient } from '@azure/container-registry'
import {
  DeviceCodeCredential,
  InteractiveBrowserCredential,
  type TokenCredential,
  UsernamePasswordCredential,
} from '@azure/identity'

/** How the program is to sign a person in, as JSON on stdin. Its answer is JSON on stdout, its device code on stderr. */
export interface PeopleTask {
  credential: keyof typeof credentials
  authorityHost: string
  /** The SDK's own default, `organizations`, when absent. */
  tenantId?: string
  /** The SDK's own default, az's, when absent. */
  clientId?: string
  endpoint: string
  /** The audience of the tokens that the registry's client requests. */
  audience: string
  username: string
  password: string
}

const credentials = {
  device: (task: PeopleTask): TokenCredential =>
    new DeviceCodeCredential({
      ...commonOptions(task),
      userPromptCallback: ({ userCode, verificationUri }) => {
        process.stderr.write(`${JSON.stringify({ userCode, verificationUri })}\n`)
      },
    }),
  password: (task: PeopleTask): TokenCredential =>
    new UsernamePasswordCredential(
      task.tenantId ?? 'organizations',
      task.clientId ?? '',
      task.username,
      task.password,
      commonOptions(task),
    ),
  browser: (task: PeopleTask): TokenCredential => new InteractiveBrowserCredential(commonOptions(task)),
}

function commonOptions({ authorityHost, tenantId, clientId }: PeopleTask) {
  return {
    authorityHost,
    disableInstanceDiscovery: true,
    ...(tenantId !== undefined && { tenantId }),
    ...(clientId !== undefined && { clientId }),
  }
}

async function main(): Promise<void> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test that starts this program writes its stdin
  const task = JSON.parse(await text(process.stdin)) as PeopleTask
  const credential = credentials[task.credential](task)
  const { token } = (await credential.getToken('https://containerregistry.azure.net/.default')) ?? { token: '' }
  const names: string[] = []
  const client = new ContainerRegistryClient(task.endpoint, credential, { audience: task.audience })
  for await (const name of client.listRepositoryNames()) names.push(name)
  process.stdout.write(JSON.stringify({ token, names }))
}

if (import.meta.main) await main()
