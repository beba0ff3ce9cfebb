import { escapeHtml } from './html.ts'
import { relativeUrl } from './links.ts'
import type { Rendered } from './render.ts'

/** The sections of the navigation: the folder of their pages, and their title. A page belongs to the longest folder. */
const navigation: readonly (readonly [folder: string, title: string])[] = [
  ['tutorials/', 'Tutorials'],
  ['how-to/', 'How-to'],
  ['reference/', 'Reference'],
  ['reference/cli/', 'Command line'],
  ['reference/api/', 'API'],
  ['explanation/', 'Explanation'],
  ['decisions/', 'Decisions'],
  ['', 'Contribute'],
  ['modules/', 'Modules'],
]

const index = 'index.html'

/** Creates the HTML of pages. Pages are listed in the order in which the index links to them. */
export function createLayout(pages: readonly Rendered[], version: string): (page: Rendered) => string {
  const ordered = inOrderOfIndex(pages)
  const sections = navigation.map(([folder, title]) => ({
    folder,
    title,
    pages: ordered.filter(({ page }) => page !== index && folderOf(page) === folder),
  }))
  return (page) =>
    documentHtml({ page: page.page, title: page.title, main: page.html, version, nav: navHtml(page.page) })

  function navHtml(current: string): string {
    const own = folderOf(current)
    const parts = sections.map(({ folder, title, pages }) => {
      // The long lists are on their own pages only.
      const isShort = /^(?:tutorials|how-to|reference|explanation)\/$/.test(folder)
      const isOwn = current !== index && folder === own
      const [first] = pages
      if (!isOwn && !isShort && first !== undefined)
        return `<a class="section" href="${relativeUrl(current, first.page)}">${title}</a>`
      const links = pages.map((each) => linkHtml(current, each)).join('\n')
      return `<details${isOwn ? ' open' : ''}><summary>${title}</summary>\n<ul>\n${links}\n</ul></details>`
    })
    return parts.join('\n')
  }
}

function folderOf(page: string): string {
  const folders = navigation.map(([folder]) => folder).filter((folder) => page.startsWith(folder))
  return folders.toSorted((one, other) => other.length - one.length)[0] ?? ''
}

function inOrderOfIndex(pages: readonly Rendered[]): Rendered[] {
  const text = pages.find(({ page }) => page === index)?.html ?? ''
  const placeOf = ({ page }: Rendered): number => {
    const place = text.indexOf(`href="${page}`)
    return place === -1 ? Number.MAX_SAFE_INTEGER : place
  }
  return pages.toSorted((one, other) => {
    const isFirst = Number(other.page.endsWith(`/${index}`)) - Number(one.page.endsWith(`/${index}`))
    return isFirst || placeOf(one) - placeOf(other) || (one.title < other.title ? -1 : 1)
  })
}

function linkHtml(current: string, { page, title }: Rendered): string {
  const mark = page === current ? ' aria-current="page"' : ''
  return `<li><a href="${relativeUrl(current, page)}"${mark}>${escapeHtml(title)}</a></li>`
}

type Parts = {
  readonly page: string
  readonly title: string
  readonly main: string
  readonly version: string
  readonly nav: string
}

function documentHtml({ page, title, main, version, nav }: Parts): string {
  const to = (target: string) => relativeUrl(page, target)
  const isSearch = page === 'search.html'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${page === index ? 'Acrux documentation' : `${escapeHtml(title)} – Acrux`}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to('style.css')}">
${isSearch ? `<script src="${to('search.js')}" defer></script>\n` : ''}</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header>
<a class="home" href="${to(index)}">Acrux ${escapeHtml(version)}</a>
<form role="search" action="${to('search.html')}">
<input type="search" name="q" aria-label="Search the documentation" placeholder="Search">
<button>Search</button>
</form>
</header>
<nav aria-label="Pages">
${nav}
</nav>
<main id="main">
${main}</main>
</body>
</html>
`
}
