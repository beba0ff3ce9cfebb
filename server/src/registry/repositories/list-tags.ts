import { type OciCall, sendJson } from '../protocol/call.ts'
import { cutPage, linkAfter, requirePage } from './list-order.ts'
import type { RepositoryContext } from './context.ts'
import { requireRepository } from './repositories.ts'

/**
 * `GET` of a repository's tags, in byte order. [OCI distribution-spec, Listing Tags]
 *
 * @throws OciError NAME_UNKNOWN or PAGINATION_NUMBER_INVALID
 */
export async function listTagNames(context: RepositoryContext, call: OciCall<'tags'>): Promise<void> {
  const asked = requirePage(call.query)
  const repository = await requireRepository(context, call)
  const after = { repository: repository.id, after: asked.last, limit: asked.size + 1 }
  const rows = asked.size === 0 ? [] : await context.tags.listedAfter.all(after)
  const { page, headers } = cutPage(rows, asked, ({ name }) =>
    linkAfter(call.request.url ?? '', call.query, asked, name),
  )
  sendJson(call, 200, { name: call.path.repository, tags: page.map(({ name }) => name) }, headers)
}
