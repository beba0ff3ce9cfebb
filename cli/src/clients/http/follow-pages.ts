import { failure } from '../../framework/command/failure.ts'

/** A page of a list: its items, and the link to the next page. */
export type Page<Item = unknown> = { readonly items: readonly Item[]; readonly next: string | undefined }

/** The maximum number of pages of one list. */
export const maxPages = 10_000

/**
 * Fetches the pages of a list, until a page has no link to a next page.
 *
 * @throws CommandFailure if a page links to an earlier page, or if there are more than {@link maxPages} pages, so that
 * no server can keep a command running forever
 */
export async function* followPages<Item>(
  first: string,
  fetchPage: (link: string) => Promise<Page<Item>>,
): AsyncGenerator<readonly Item[]> {
  const fetched = new Set<string>()
  for (let link: string | undefined = first; link !== undefined;) {
    if (fetched.has(link)) throw brokenList('a page of the list links to an earlier page')
    if (fetched.size === maxPages) throw brokenList(`the list has more than ${maxPages} pages`)
    fetched.add(link)
    const { items, next }: Page<Item> = await fetchPage(link)
    yield items
    link = next
  }
}

/** The failure of a list that does not end. */
export function brokenList(message: string): Error {
  return failure(message, 'the server is faulty, or acrux uses the wrong server: show the server with acrux cloud show')
}

/** All items of a list. @throws CommandFailure as {@link followPages} does */
export async function allItems<Item>(
  first: string,
  fetchPage: (link: string) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const items of followPages(first, fetchPage)) all.push(...items)
  return all
}
