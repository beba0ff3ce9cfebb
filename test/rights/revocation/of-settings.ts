import { assignRole, armScope, expectStatus, registryId, roles } from '../../harness/arm.ts'
import { stringAt } from '../../harness/json.ts'
import type { OpenIdProvider } from '../../harness/openid-provider.ts'
import { pageVisitor } from '../../harness/page-visitor.ts'
import { askToken, azClientId, codeOf, redeem, type WayThrough } from '../../harness/person.ts'
import type { RunningServer } from '../../harness/server.ts'
import { partsOf } from '../../faults/forged-token.ts'
import { byIdentityTokens, type Holding } from './held.ts'

/** Signs in at the pages of an organisation's provider. */
function atProvider(provider: OpenIdProvider, subject: string): WayThrough {
  return async (visitor, start) => {
    const html = 'html' in start ? start.html : ''
    const link = /href="(\/sign-in\/contoso[^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const sent = await visitor.open(link)
    const theirs = pageVisitor({ baseUrl: provider.issuer, caFile: String(provider.settings['caFile']) })
    let page = await theirs.open('location' in sent ? sent.location : sent.url)
    while (!('location' in page)) page = await theirs.submit(page, { login: subject, password: 'anything' })
    return visitor.signIn(await visitor.open(page.location), { userPrincipalName: subject, password: '' })
  }
}

/** A user of an organisation's provider who may read the registry, and all access that their sign-in gives. */
export async function memberOf(server: RunningServer, provider: OpenIdProvider): Promise<Holding> {
  provider.people.set('alice', { name: 'Alice', email: 'alice@example.com', groups: [] })
  const scope = `${armScope} openid offline_access`
  const code = await codeOf(server, atProvider(provider, 'alice'), scope)
  const signedIn = expectStatus(await redeem(server, code), 200).json()
  const [access, refresh_token] = [stringAt(signedIn, 'access_token'), stringAt(signedIn, 'refresh_token')]
  await assignRole(
    server,
    { id: stringAt(partsOf(access).claims, 'oid'), type: 'User' },
    roles.reader,
    registryId(server),
  )
  const refresh = (of: string) =>
    askToken(server, { grant_type: 'refresh_token', client_id: azClientId, refresh_token, scope: of })
  const forGraph = expectStatus(await refresh(`${server.baseUrl}/graph//.default`), 200).json()
  const graphToken = stringAt(forGraph, 'access_token')
  return { provider: () => refresh(scope), ...(await byIdentityTokens(server, access, { graphToken })) }
}
