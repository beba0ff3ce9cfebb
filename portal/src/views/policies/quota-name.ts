import type { Quota } from '../../api/types.ts'

const maxLength = 50

/** The name of a new quota: from its repository, and one that no other quota has. */
export function nameFor(repository: string | null, quotas: readonly Pick<Quota, 'name'>[]): string {
  const wanted = (repository ?? 'registry').replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, maxLength - 5)
  const taken = new Set(quotas.map(({ name }) => name.toLowerCase()))
  let name = wanted
  for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${wanted}-${count}`
  return name
}
