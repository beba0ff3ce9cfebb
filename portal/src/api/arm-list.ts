import { readJson } from './client.ts'

type List<Item> = { readonly value: readonly Item[]; readonly nextLink?: string }

/** A page of a list, and the path of the next one. */
export type ArmPage<Item> = { readonly items: readonly Item[]; readonly next: string | undefined }

/** How many pages of a list are read: 100,000 items. */
const maxPages = 100

/** Reads a page of a list of ARM. @throws ApiError */
export async function readPage<Item>(path: string, signal: AbortSignal): Promise<ArmPage<Item>> {
  const { body } = await readJson<List<Item>>(path, { signal })
  return { items: body.value, next: nextOf(body) }
}

/** The path of the page after a page. */
export function nextOf({ nextLink }: { readonly nextLink?: string }): string | undefined {
  if (nextLink === undefined) return undefined
  const { pathname, search } = new URL(nextLink)
  return `arm${pathname}${search}`
}

/** A list that is longer than what is read of it. A part of it could be taken for all. */
export class ListTooLong extends Error {
  override readonly name = 'ListTooLong'
}

/** Reads the pages of a list of ARM. @throws ApiError, ListTooLong */
export async function readAll<Item>(path: string, signal: AbortSignal): Promise<readonly Item[]> {
  const items: Item[] = []
  let next: string | undefined = path
  for (let count = 0; count < maxPages && next !== undefined; count += 1) {
    const page: ArmPage<Item> = await readPage<Item>(next, signal)
    items.push(...page.items)
    next = page.next
  }
  if (next !== undefined) throw new ListTooLong()
  return items
}
