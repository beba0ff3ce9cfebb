import { type AcrCall, type OciCall, sendJson } from '../protocol/call.ts'
import { cutPage, linkAfter, requirePage } from './list-order.ts'
import type { RepositoryContext } from './context.ts'

/**
 * `GET` of the names of published repositories that may be listed, in byte order. [Docker Registry HTTP API V2, Listing
 * Repositories; ACR REST data plane]
 *
 * @throws OciError PAGINATION_NUMBER_INVALID
 */
export async function listCatalog(
  context: Pick<RepositoryContext, 'repositories'>,
  call: OciCall<'catalog'> | AcrCall<'catalog'>,
): Promise<void> {
  const asked = requirePage(call.query)
  const after = { rid: call.registry.rid, after: asked.last, limit: asked.size + 1 }
  const rows = asked.size === 0 ? [] : await context.repositories.listedAfter.all(after)
  const { page, headers } = cutPage(rows, asked, ({ name }) =>
    linkAfter(call.request.url ?? '', call.query, asked, name),
  )
  sendJson(call, 200, { repositories: page.map(({ name }) => name) }, headers)
}
