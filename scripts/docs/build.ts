import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../set-up.mjs'
import { createLayout } from './layout.ts'
import { createLinks } from './links.ts'
import { type Rendered, renderPage } from './render.ts'
import { searchIndex } from './search-index.ts'
import { readSources } from './sources.ts'

/** The documents as files, by their paths, and what is wrong with them. */
export type Documents = { readonly files: ReadonlyMap<string, Buffer>; readonly warnings: readonly string[] }

const ownPages: readonly Pick<Rendered, 'page' | 'title' | 'html'>[] = [
  {
    page: 'search.html',
    title: 'Search',
    html: `<h1>Search</h1>
<noscript><p>The search needs JavaScript. The <a href="index.html">index</a> lists all pages by task.</p></noscript>
<p id="status" role="status"></p>
<ol id="results"></ol>
`,
  },
  {
    page: '404.html',
    title: 'There is no such page',
    html: '<h1>There is no such page</h1>\n<p>The <a href="index.html">index</a> lists all pages by task.</p>\n',
  },
]

/** Builds the documents of this version. */
export async function buildDocuments(): Promise<Documents> {
  const sources = await readSources()
  const links = createLinks(sources)
  const pages = sources.map((source) => renderPage(source, links.resolve))
  const { version } = JSON.parse(readText('package.json')) as { readonly version: string }
  const layout = createLayout(pages, version)
  // Sent for paths of any depth.
  const htmlOf = (page: Rendered): string =>
    page.page === '404.html' ? layout(page).replaceAll(/(href|action)="(?![#/])/g, '$1="/docs/') : layout(page)
  const own = ownPages.map((page) => ({ ...page, file: '', markdown: '', sections: [] }))
  const files = new Map<string, Buffer>([
    ...[...pages, ...own].map((page): [string, Buffer] => [page.page, Buffer.from(htmlOf(page))]),
    ...[...links.files].map(([to, from]): [string, Buffer] => [to, readFileSync(path.join(root, from))]),
    ...['style.css', 'search.js'].map((name): [string, Buffer] => [
      name,
      Buffer.from(readText(`scripts/docs/assets/${name}`)),
    ]),
    ['search-index.json', Buffer.from(JSON.stringify(searchIndex(pages)))],
  ])
  return { files, warnings: links.broken(pages).map((link) => `a link leads nowhere: ${link}`) }
}

function readText(name: string): string {
  return readFileSync(path.join(root, name), 'utf8')
}
