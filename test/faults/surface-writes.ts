import { arm, armScope, armToken, as, graph, resourceGroupId } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { listAt } from '../harness/json.ts'
import { pageVisitor, type Page } from '../harness/page-visitor.ts'
import { askAccessToken, basic, registryUrl } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'

/** One request that makes the server write, by surface. */
export type SurfaceWrites = Readonly<Record<string, () => Promise<HttpResponse | Page>>>

const azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

/** Requests for which each surface must write. The data that they need is fetched in advance. */
export async function prepareSurfaceWrites(server: RunningServer): Promise<SurfaceWrites> {
  const { servicePrincipal, owner, tenantId } = server.firstRun
  const { caFile, baseUrl } = server
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
  const armBearer = await armToken(server)
  const graphBearer = await armToken(server, servicePrincipal, `${baseUrl}/graph//.default`)
  const visitor = pageVisitor(server)
  const named = pageOf(await visitor.open('/account/security'))
  const proving = pageOf(await visitor.submit(named, { username: owner.userPrincipalName }))
  const provider = (path: string, fields: Record<string, string>): Promise<HttpResponse> =>
    request({ method: 'POST', url: `${baseUrl}/${tenantId}/oauth2/v2.0/${path}`, caFile, ...form(fields) })
  let count = 0
  const fresh = (): string => `w${(count += 1)}`
  return {
    'the registry': () =>
      request({
        method: 'POST',
        url: `${registryUrl(server)}/v2/team/${fresh()}/blobs/uploads/`,
        headers: { authorization },
        caFile,
      }),
    'the token service': () =>
      askAccessToken(server, { username: servicePrincipal.appId, password: servicePrincipal.password }, [
        `repository:team/${fresh()}:pull`,
      ]),
    management: () =>
      arm(
        as(server, armBearer),
        'PUT',
        resourceGroupId(server).replace(/[^/]+$/, fresh()) + '?api-version=2022-09-01',
        { location: 'local' },
      ),
    graph: () =>
      graph(as(server, graphBearer), 'POST', '/groups', {
        displayName: fresh(),
        mailNickname: fresh(),
        mailEnabled: false,
        securityEnabled: true,
      }),
    'the identity provider': () => provider('devicecode', { client_id: azureCli, scope: armScope }),
    'the pages': async () => pageOf(await visitor.submit(proving, { password: owner.password })),
  }
}

/** Throws if the body of an error is not in the format of its surface. */
export function requireErrorFormat(surface: string, answer: HttpResponse | Page): void {
  if ('html' in answer) {
    if (!/role="alert"/.test(answer.html)) throw new Error(`not a page with an error: ${answer.html.slice(0, 500)}`)
    return
  }
  const body = answer.json() as Record<string, unknown>
  const isRight =
    surface === 'the identity provider'
      ? typeof body['error_description'] === 'string' && typeof body['error'] === 'string'
      : surface === 'management' || surface === 'graph'
        ? typeof (body['error'] as { code?: unknown } | undefined)?.code === 'string'
        : listAt(body, 'errors').length === 1
  if (!isRight) throw new Error(`${surface} answered in another format: ${answer.text().slice(0, 500)}`)
}

function pageOf(opened: Awaited<ReturnType<ReturnType<typeof pageVisitor>['open']>>): Page {
  if ('location' in opened) throw new Error(`redirected away from the server, to ${opened.location.href}`)
  return opened
}
