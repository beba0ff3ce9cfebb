import type { GraphUser } from '../../api/graph-types.ts'

/** Whether nobody among these people has an older account: the account of the first start, which sets the server up. */
export function isFirstAccount(
  objectId: string,
  people: readonly Pick<GraphUser, 'id' | 'createdDateTime'>[],
): boolean {
  const created = people.find(({ id }) => id === objectId)?.createdDateTime
  return created !== undefined && people.every(({ createdDateTime }) => createdDateTime >= created)
}
