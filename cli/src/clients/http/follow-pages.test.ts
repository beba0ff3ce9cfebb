import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Page, allItems, followPages, maxPages } from './follow-pages.ts'

async function countTo(last: number, link: string): Promise<Page<number>> {
  const number = Number(link)
  return { items: [number], next: number === last ? undefined : String(number + 1) }
}

test('the pages of a list are followed until a page without a link', async () => {
  assert.deepEqual(await allItems('1', (link) => countTo(3, link)), [1, 2, 3])
})

test('a list whose page links to an earlier page is an error', async () => {
  const links: string[] = []
  const fetchPage = async (link: string): Promise<Page> => {
    links.push(link)
    return { items: [], next: link === 'a' ? 'b' : 'a' }
  }
  await assert.rejects(allItems('a', fetchPage), {
    message: 'a page of the list links to an earlier page',
    exitCode: 1,
  })
  assert.deepEqual(links, ['a', 'b'])
})

test('a list without an end is an error after the maximum number of pages', async () => {
  let pages = 0
  await assert.rejects(
    async () => {
      for await (const items of followPages('1', (link) => countTo(Infinity, link))) pages += items.length
    },
    { message: 'the list has more than 10000 pages', exitCode: 1 },
  )
  assert.equal(pages, maxPages)
})
