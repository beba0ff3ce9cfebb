import assert from 'node:assert/strict'
import type { Page, Elsewhere } from '../harness/page-visitor.ts'
import { codeOf, redeem } from '../harness/person.ts'
import { accessToken, get, pushImage } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'

const scope = 'https://management.core.windows.net//.default openid'

/**
 * Uses what a package may lack: the threads that write, read a large manifest, hash a password and estimate a new one, the files
 * of the pages, and a certificate of its own. The server must run without `--dev`, and not have been used yet.
 */
export async function exercise(server: RunningServer): Promise<void> {
  const authorization = await pushes(server)
  const { userPrincipalName, password } = server.firstRun.owner
  const chosen = 'tidal lantern 7 quilt'
  const code = await codeOf(
    server,
    async (visitor, start) => {
      const asked = pageOf(await visitor.submit(pageOf(start), { username: userPrincipalName, password }))
      const weak = pageOf(await visitor.submit(asked, { 'new-password': 'password12345', repeated: 'password12345' }))
      const confirm = pageOf(await visitor.submit(weak, { 'new-password': chosen, repeated: chosen }))
      return visitor.submit(confirm, { decision: 'accept' })
    },
    scope,
  )
  assert.equal((await redeem(server, code)).status, 200)
  const manifest = await get(server, '/v2/team/app/manifests/1', authorization)
  assert.equal(manifest.status, 200)
}

/** Pushes an image with a large manifest, and returns the Authorization header. */
async function pushes(server: RunningServer): Promise<string> {
  const { appId, password } = server.firstRun.servicePrincipal
  const credential = { username: appId, password }
  const authorization = `Bearer ${await accessToken(server, credential, ['repository:team/app:pull,push'])}`
  await pushImage(server, 'team/app', { tag: '1', annotations: { note: 'x'.repeat(100_000) } }, authorization)
  return authorization
}

function pageOf(answer: Page | Elsewhere): Page {
  if ('location' in answer) throw new Error(`redirected away from the server, to ${answer.location.href}`)
  return answer
}
