import type { GraphUser } from '../../api/graph-types.ts'

/** Whether an account is the oldest of these: the account of the first start, whose user sets the server up. */
export function isFirstAccount(
  objectId: string,
  people: readonly Pick<GraphUser, 'id' | 'createdDateTime'>[],
): boolean {
  const created = people.find(({ id }) => id === objectId)?.createdDateTime
  return created !== undefined && people.every(({ createdDateTime }) => createdDateTime >= created)
}
