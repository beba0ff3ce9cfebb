import { readJson } from './client.ts'

type List<Item> = { readonly value: readonly Item[]; readonly nextLink?: string }

/** How many pages of a list are read. A page has up to 1,000 items. */
const maxPages = 10

/** Reads the pages of a list of ARM. @throws ApiError */
export async function readAll<Item>(path: string, signal: AbortSignal): Promise<readonly Item[]> {
  const items: Item[] = []
  let next: string | undefined = path
  for (let page = 0; page < maxPages && next !== undefined; page += 1) {
    const { body }: { readonly body: List<Item> } = await readJson<List<Item>>(next, { signal })
    items.push(...body.value)
    next = body.nextLink === undefined ? undefined : `arm${pathOf(body.nextLink)}`
  }
  return items
}

function pathOf(link: string): string {
  const { pathname, search } = new URL(link)
  return pathname + search
}
