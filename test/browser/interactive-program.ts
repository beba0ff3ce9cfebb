import { text } from 'node:stream/consumers'
import { InteractiveBrowserCredential } from '@azure/identity'

/** What the program is to do, as JSON on stdin. Its answer is JSON on stdout. */
export interface InteractiveTask {
  authorityHost: string
  tenantId: string
  scopes: string[]
}

const task = JSON.parse(await text(process.stdin)) as InteractiveTask
const { authorityHost, tenantId } = task
const credential = new InteractiveBrowserCredential({ authorityHost, tenantId, disableInstanceDiscovery: true })
const tokens: string[] = []
for (const scope of task.scopes) tokens.push((await credential.getToken(scope)).token)
process.stdout.write(JSON.stringify({ tokens }))
